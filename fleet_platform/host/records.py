"""What is known of each plugin: its state, why it is in it, and its counters.

A plugin that takes part is ``running`` as long as no part of it has a fault, ``failed`` if an essential part has one,
else ``degraded``. The other states are verdicts about a plugin that takes no part.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fleet_platform.redaction import redact
from plugin_sdk import JSONObject

logger = logging.getLogger(__name__)

State: TypeAlias = Literal["running", "degraded", "failed", "disabled", "unavailable", "quarantined"]

_FINE = ("running", "disabled")
_START, _STARTING = "start", "It is starting."
_MAX_REASON = 500
_COUNTERS = ("calls", "errors", "events_published", "events_dropped", "events_missed")


@dataclass(frozen=True, slots=True)
class _Fault:
    reason: str
    essential: bool
    trace: str | None


class PluginRecord:
    """One plugin, as ``Plugin.List`` and the metrics see it.

    Attributes:
        name: Of its entry point.
        distribution: What it was installed with, or None.
        version: Of that distribution.
        package: Import package that holds its files; empty until it was imported, or if it has none.
        state: See the module.
        reason: A sentence that says why; None for a plugin that runs well.
        traceback: Of what failed, for the log and for administrators.
        since: When it got into the state, UTC epoch seconds.
        restarts: How often a part of it was started again.
        tally: Its counters: ``calls`` and ``errors`` of its methods, ``events_published``, ``events_dropped`` (too
            many at once) and ``events_missed`` (by its own slow subscriptions).
        sinks: Counters of its sinks by name.
    """

    def __init__(
        self,
        *,
        name: str,
        distribution: str | None = None,
        version: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.distribution = distribution
        self.version = version
        self.package = ""
        self.state: State = "disabled"
        self.reason: str | None = "It is not loaded yet."
        self.traceback: str | None = None
        self.since = clock()
        self.restarts = 0
        self.tally: Counter[str] = Counter(dict.fromkeys(_COUNTERS, 0))
        self.sinks: dict[str, Counter[str]] = {}
        self._clock = clock
        self._faults: dict[str, _Fault] = {}
        self._takes_part = False

    def rule_out(
        self,
        state: Literal["disabled", "unavailable", "quarantined"],
        reason: str,
        trace: str | None = None,
    ) -> None:
        """It takes no part."""
        self._takes_part = False
        self._faults.clear()
        self._become(state, _tidy(reason), redact(trace) if trace else None)

    def admit(self) -> None:
        """It takes part, but has not started yet."""
        self._takes_part = True
        self._faults = {_START: _Fault(_STARTING, essential=False, trace=None)}
        self._judge()

    def started(self) -> None:
        """It has started."""
        self.mend(_START)

    def fault(self, part: str, reason: str, *, essential: bool = False, error: BaseException | None = None) -> None:
        """A part of it has a fault; replaces an earlier one of the same part."""
        if self._takes_part:
            trace = redact("".join(traceback.format_exception(error))) if error is not None else None
            self._faults[part] = _Fault(_tidy(reason), essential, trace)
            self._judge()

    def mend(self, part: str) -> None:
        """A part of it is well again."""
        if self._faults.pop(part, None) is not None:
            self._judge()

    @property
    def counters(self) -> Mapping[str, int]:
        """All counters, flat: ``calls``, …, ``restarts``, ``sink_arrivals_written``."""
        flat = {f"sink_{sink}_{name}": value for sink, tally in self.sinks.items() for name, value in tally.items()}
        return {**self.tally, "restarts": self.restarts, **flat}

    def to_json(self, *, traceback: bool = False) -> JSONObject:
        """``{name, version, distribution, state, reason, since, restarts, counters: {…}, sinks: {name: {…}}}``.

        Args:
            traceback: Adds ``traceback``; for nobody but administrators.
        """
        return {
            "name": self.name,
            "version": self.version,
            "distribution": self.distribution,
            "state": self.state,
            "reason": self.reason,
            "since": round(self.since, 3),
            "restarts": self.restarts,
            "counters": dict(self.tally),
            "sinks": {name: dict(tally) for name, tally in self.sinks.items()},
            **({"traceback": self.traceback} if traceback else {}),
        }

    def _judge(self) -> None:
        faults = sorted(self._faults.values(), key=lambda fault: not fault.essential)
        if not faults:
            self._become("running", None, None)
            return
        worst = faults[0]
        self._become("failed" if worst.essential else "degraded", worst.reason, worst.trace)

    def _become(self, state: State, reason: str | None, trace: str | None) -> None:
        changed = state != self.state
        self.state, self.reason, self.traceback = state, reason, trace
        if not changed:
            return
        self.since = self._clock()
        level = logging.INFO if state in _FINE else logging.WARNING
        if reason == _STARTING:
            level = logging.DEBUG
        logger.log(level, "plugin %s is %s%s", self.name, state, f": {reason}" if reason else "")
        if trace:
            level = logging.WARNING if state == "quarantined" else logging.DEBUG
            logger.log(level, "what plugin %s raised:\n%s", self.name, trace.rstrip())


def _tidy(reason: str) -> str:
    return redact(reason)[:_MAX_REASON]
