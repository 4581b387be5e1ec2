"""Reads the records of one meter where samples are missing, and puts readings into the history."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from fleet_history.backfill.meters import Meters, Progress
from fleet_history.backfill.records import Records, back_from, between, gather, read_page
from plugin_sdk import Device, Fleet, component_id, component_type
from plugin_sdk.pace import Pace

METHODS: Final = {"emdata": "EMData.GetData", "em1data": "EM1Data.GetData"}
_MAIN: Final = ("total_act", "total_act_energy")
"""The counter whose samples tell where some are missing; the others of a meter come with it."""

_MAX_PAGES: Final = 100_000
_DAY: Final = timedelta(days=1)
_CALL_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What came of it: samples that were added, from when to when; nothing if there were none."""

    added: int = 0
    since: datetime | None = None
    till: datetime | None = None


class Reader:
    """Reads meters; each at most once at a time."""

    def __init__(self, fleet: Fleet, meters: Meters, *, days: float, rate_per_s: float) -> None:
        self._fleet = fleet
        self._meters = meters
        self._days = days
        self._pace = Pace(rate_per_s, time.monotonic)

    async def fill(self, device: Device, component: str, *, again: bool) -> Filled | None:
        """Fill all gaps of a meter, the latest first, and what is older than its first sample.

        Args:
            again: Also look where was looked before.

        Returns:
            None if there is no sample yet to go back from.

        Raises:
            FleetError: The device or the database is away, or the device refuses.
            BadRecordsError: What the device answers cannot be read.
        """
        series = await self._meters.series(device, component)
        main = next((series[name] for name in _MAIN if name in series), None)
        if main is None:
            return None
        now = datetime.now(UTC)
        end = now + timedelta(hours=1)
        horizon = now - timedelta(days=self._days)
        kept = max(await self._meters.kept_since(), horizon)
        known = (await self._meters.progress(device)).get(component) or Progress()
        looked = None if again else known.looked
        since = max(kept, looked - timedelta(minutes=1)) if looked else kept
        first, last = await self._meters.span(main, since, end)
        if first is None or last is None:
            return None
        added, oldest = 0, None
        for gap in await self._meters.gaps(main, since, end):
            added += await self._fill_gap(device, component, series, *gap)
            oldest = gap[0]
        if looked is None or looked < first:
            more, before = await self._fill_before(device, component, series, (horizon, first), known)
            added, oldest = added + more, before or oldest
        await self._meters.note(device, component, looked=last)
        return Filled(added=added, since=oldest if added else None, till=last if added else None)

    # ---- between two samples ----------------------------------------------------------------------------------

    async def _fill_gap(
        self, device: Device, component: str, series: dict[str, int], begin: datetime, end: datetime
    ) -> int:
        ends = await self._meters.ends(list(series.values()), begin, end)
        return await self._fill_between(device, component, series, (begin, end), ends, base=False)

    async def _fill_between(
        self,
        device: Device,
        component: str,
        series: dict[str, int],
        gap: tuple[datetime, datetime],
        ends: Mapping[str, tuple[float | None, float | None]],
        *,
        base: bool,
    ) -> int:
        """Fill a gap between two known readings.

        Args:
            base: The reading before it is no sample any more, so it is put where the records begin.
        """
        records = await self._read(device, component, *gap)
        records = records.within(gap[0].timestamp(), gap[1].timestamp() - 0.001)
        readings = {}
        for name, energies in records.energy.items():
            before, after = ends.get(name, (None, None))
            if name in series and before is not None and after is not None:
                values = between(energies, before, after)
                readings[series[name]] = [before, *values] if base else values
        if not readings or not len(records):
            return 0
        times = [records.begins[0], *records.ends] if base else records.ends
        added = await self._meters.add(times, readings)
        await self._meters.note(device, component, added=added)
        return added

    # ---- before the first sample ------------------------------------------------------------------------------

    async def _fill_before(
        self,
        device: Device,
        component: str,
        series: dict[str, int],
        span: tuple[datetime, datetime],
        known: Progress,
    ) -> tuple[int, datetime | None]:
        """What is older than the first sample that there still is: from roll-ups of older ones on, or all there is."""
        horizon, first = span
        numbers = list(series.values())
        after = {name: value for name, (_, value) in (await self._meters.ends(numbers, first, first)).items()}
        if known.looked is None and known.oldest is not None and known.oldest < first:
            # It was cut off at that.
            lowest = await self._meters.lowest(numbers, known.oldest)
            return await self._fill_back(device, component, series, lowest, (horizon, known.oldest))
        rolled = await self._meters.rolled_before(numbers, horizon, first)
        if not rolled:
            return await self._fill_back(device, component, series, after, (horizon, first))
        since = max(at for at, _ in rolled.values())
        if first - since < timedelta(hours=1):
            return 0, None  # nothing is missing
        ends = {name: (before, after.get(name)) for name, (_, before) in rolled.items()}
        return await self._fill_between(device, component, series, (since, first), ends, base=True), since

    async def _fill_back(
        self,
        device: Device,
        component: str,
        series: dict[str, int],
        after: Mapping[str, float | None],
        span: tuple[datetime, datetime],
    ) -> tuple[int, datetime | None]:
        """Go back day by day from the first reading, as far as the records and the setting go."""
        horizon, at = span
        added, oldest = 0, None
        while at > horizon:
            begin = max(horizon, at - _DAY)
            records = await self._read(device, component, begin, at)
            records = records.within(begin.timestamp(), at.timestamp())
            found: dict[str, list[float]] = {}
            place = 0
            for name, energies in records.energy.items():
                reading = after.get(name)
                if name in series and reading is not None:
                    from_record, found[name] = back_from(energies, reading)
                    # All counters of a meter begin together, so that the next day goes on from the same time.
                    place = max(place, from_record)
            if not found or place == len(records):
                break
            times = [records.begins[place], *records.ends[place:]]
            found = {name: values[-len(times) :] for name, values in found.items()}
            added += await self._meters.add_before(
                device, component, times, {series[name]: values for name, values in found.items()}
            )
            after = {name: values[0] for name, values in found.items()}
            oldest = at = datetime.fromtimestamp(times[0], UTC)
            if place > 0:
                break  # there a counter was reset; what it showed before is not known
        return added, oldest

    # ---- the device -------------------------------------------------------------------------------------------

    async def _read(self, device: Device, component: str, begin: datetime, end: datetime) -> Records:
        """Records of a time, page by page; some before and after it may come with them."""
        method, number = METHODS[component_type(component)], component_id(component) or 0
        records = Records()
        ts, till = int(begin.timestamp()) // 60 * 60, int(end.timestamp())
        for _ in range(_MAX_PAGES):
            await asyncio.sleep(self._pace.reserve())
            params = {"id": number, "ts": ts, "end_ts": till}
            page = read_page(await self._fleet.call(device.id, method, params, timeout_s=_CALL_S), ts)
            gather(records, page)
            if page.next_ts is None or page.next_ts > till:
                break
            ts = page.next_ts
        return records
