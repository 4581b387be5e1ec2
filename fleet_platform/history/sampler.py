"""Takes numbers from what devices report: the part of history that is on the hot path, so no await and little work."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeAlias

from fleet_platform.devices.twin import Twin
from fleet_platform.history.series import Fields, Leaf, Series, fields_of
from plugin_sdk import JSON, ComponentType, DeviceId, MeasuredField, component_type

logger = logging.getLogger(__name__)

Sample: TypeAlias = tuple[Series, int, float | str]
"""What was measured, UTC epoch milliseconds, and the number, or the word of a state that is told in words."""

MAX_WORD = 64
"""Letters of such a word."""

MAX_SERIES = 500
"""Series of one device; the largest real one, with add-ons and a hundred virtual components, has three hundred."""

MAX_SAMPLES = 1_000_000
"""Samples that wait in memory, about 100 MB; there are so many only if they can neither be written nor spooled."""


class Lane:
    """One component of one device."""

    __slots__ = ("fields", "series")

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.series: dict[str, Series] = {}


class Sampler:
    """Keeps samples until somebody takes them.

    Args:
        types: The component types in force.
        tally: Counts under ``history_…`` what is not kept.

    Attributes:
        waiting: The samples, as they came.
        taken: How many there were.
    """

    def __init__(self, types: Callable[[], Mapping[str, ComponentType]], tally: Counter[str]) -> None:
        self._types = types
        self._tally = tally
        self._fields: dict[str, Fields] = {}
        self._lanes: dict[DeviceId, dict[str, Lane]] = {}
        self._full: set[DeviceId] = set()
        self.waiting: list[Sample] = []
        self.taken = 0

    def take(self, twin: Twin, changes: Mapping[str, JSON]) -> None:  # noqa: PLR0912  # calls would cost more
        """Take the numbers in what a device reported: component key to the names and values that were told."""
        waiting = self.waiting
        before = len(waiting)
        if before >= MAX_SAMPLES:
            self._tally["history_no_room"] += 1
            return
        ts_ms = twin.last_report_ms
        lanes = self._lanes.get(twin.id)
        if lanes is None:
            lanes = self._lanes[twin.id] = {}
        for key, patch in changes.items():
            if type(patch) is not dict:
                continue
            lane = lanes.get(key)
            if lane is None:
                lane = self._open(twin.id, lanes, key)
            fields = lane.fields
            if not fields:
                continue
            for name, value in patch.items():
                found = fields.get(name)
                if found is None:
                    continue
                if isinstance(found, MeasuredField):
                    series = lane.series.get(name)
                    if series is None:
                        series = self._series(twin.id, key, lane, found)
                        if series is None:
                            continue
                    if type(value) is float or type(value) is int:
                        waiting.append((series, ts_ms, value))
                    else:
                        self._odd(series, ts_ms, value)
                elif type(value) is dict:
                    self._nested(twin.id, key, lane, found, ts_ms, value)
        self.taken += len(waiting) - before

    def drain(self) -> list[Sample]:
        """All that waits, which waits no longer."""
        waiting, self.waiting = self.waiting, []
        return waiting

    def put_back(self, samples: list[Sample]) -> None:
        """Let samples wait again, before those that came meanwhile."""
        self.waiting[:0] = samples
        if len(self.waiting) > MAX_SAMPLES:
            self._tally["history_no_room"] += len(self.waiting) - MAX_SAMPLES
            del self.waiting[: len(self.waiting) - MAX_SAMPLES]

    def forget(self, device: DeviceId) -> None:
        """A device is gone for good."""
        self._lanes.pop(device, None)
        self._full.discard(device)

    def types_changed(self) -> None:
        """Other component types are in force."""
        self._fields.clear()
        self._lanes.clear()
        self._full.clear()

    def _open(self, device: DeviceId, lanes: dict[str, Lane], key: str) -> Lane:
        kind = component_type(key)
        fields = self._fields.get(kind)
        if fields is None:
            fields = fields_of(self._types().get(kind))
            if fields:
                self._fields[kind] = fields
        if not fields:
            # A device may name what it likes: only components of known types are remembered.
            return _NOTHING
        if len(lanes) >= MAX_SERIES:
            self._refuse(device)
            return _NOTHING
        lane = lanes[key] = Lane(fields)
        return lane

    def _series(self, device: DeviceId, key: str, lane: Lane, field: MeasuredField) -> Series | None:
        series = lane.series.get(field.path)
        if series is None:
            if sum(len(lane.series) for lane in self._lanes[device].values()) >= MAX_SERIES:
                self._refuse(device)
                return None
            series = lane.series[field.path] = Series(device, key, field.path, field.kind, field.unit)
        return series

    def _refuse(self, device: DeviceId) -> None:
        self._tally["history_too_many_series"] += 1
        if device not in self._full:
            self._full.add(device)
            logger.warning("device %s measures more than %d things; what is more is not kept", device, MAX_SERIES)

    def _nested(
        self, device: DeviceId, key: str, lane: Lane, leaves: tuple[Leaf, ...], ts_ms: int, value: JSON
    ) -> None:
        for path, field in leaves:
            inner = value
            for name in path:
                inner = inner.get(name) if type(inner) is dict else None
            if inner is None:
                continue
            series = self._series(device, key, lane, field)
            if series is None:
                continue
            if type(inner) is float or type(inner) is int:
                self.waiting.append((series, ts_ms, inner))
            else:
                self._odd(series, ts_ms, inner)

    def _odd(self, series: Series, ts_ms: int, value: JSON) -> None:
        """A value that is no plain number; null says that there is none now."""
        if value is None:
            return
        if isinstance(value, bool):
            self.waiting.append((series, ts_ms, float(value)))
        elif isinstance(value, str) and series.kind == "state" and len(value) <= MAX_WORD:
            self.waiting.append((series, ts_ms, value))
        else:
            self._tally["history_not_a_number"] += 1


_NOTHING = Lane({})
