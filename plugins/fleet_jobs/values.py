"""What jobs are made of: plain data, as it is stored and as clients see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Literal, TypeAlias

from plugin_sdk import JSON, JSONObject, Principal

State: TypeAlias = Literal["queued", "running", "paused", "done", "failed", "cancelled"]
DeviceState: TypeAlias = Literal["pending", "running", "done", "failed", "skipped", "interrupted"]

FINISHED = ("done", "failed", "cancelled")
FAILED = ("failed", "interrupted")
"""States of devices that ``Job.Retry`` does again."""

RESULT_BYTES = 64 * 1024
_KEPT = RESULT_BYTES // 2
"""Characters kept of a longer result: quotes and backslashes double when they become a JSON string."""
_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
MESSAGE_LENGTH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many devices of a job are in which state; the rest is still to do."""

    total: int
    done: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def left(self) -> int:
        """How many are still to do, or being done."""
        return self.total - self.done - self.failed - self.skipped

    def with_one(self, state: DeviceState) -> Counts:
        """After one device more ended in a state."""
        if state == "done":
            return replace(self, done=self.done + 1)
        if state == "skipped":
            return replace(self, skipped=self.skipped + 1)
        return replace(self, failed=self.failed + 1) if state in FAILED else self

    def to_json(self) -> JSONObject:
        """``{total, done, failed, skipped, left}``."""
        return {
            "total": self.total,
            "done": self.done,
            "failed": self.failed,
            "skipped": self.skipped,
            "left": self.left,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row of the table ``job``; the columns say what each means. ``params`` is None where it was not asked for."""

    id: int
    owner: str
    provider: str
    stamp: str
    type: str
    name: str
    params: JSONObject | None
    state: State
    reason: str | None
    concurrency: int
    rate_per_s: float | None
    offline: str
    not_before: datetime | None
    expires: datetime
    created: datetime
    started: datetime | None
    ended: datetime | None
    counts: Counts

    def is_of(self, principal: Principal) -> bool:
        """Whether somebody is its owner."""
        return (self.owner, self.provider) == (principal.name, principal.provider)

    def to_json(self) -> JSONObject:
        """As clients see it; times in UTC epoch seconds."""
        shown: JSONObject = {
            "id": self.id,
            "type": self.type,
            "name": self.name,
            "owner": self.owner,
            "state": self.state,
            "reason": self.reason,
            **self.counts.to_json(),
            "concurrency": self.concurrency,
            "rate_per_s": self.rate_per_s,
            "offline": self.offline,
            "not_before": seconds(self.not_before),
            "expires": seconds(self.expires),
            "created": seconds(self.created),
            "started": seconds(self.started),
            "ended": seconds(self.ended),
        }
        return shown if self.params is None else {**shown, "params": self.params}


@dataclass(slots=True, kw_only=True)
class Turn:
    """A device that is still to do."""

    position: int
    device: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a device's turn.

    Attributes:
        state: ``pending`` if it is still to do.
        result: As JSON text.
    """

    state: DeviceState
    result: str | None = None
    truncated: bool = False
    code: int | None = None
    message: str | None = None


def job_of(row: Mapping[str, Any]) -> Job:
    """A job from its row."""
    counts = Counts(total=row["total"], done=row["done"], failed=row["failed"], skipped=row["skipped"])
    names = Job.__slots__
    given = {name: row[name] for name in names if name not in ("counts", "params")}
    params = None if row["params"] is None else json.loads(row["params"])
    return Job(counts=counts, params=params, **given)


def result_text(result: JSON) -> tuple[str, bool]:
    """A result as JSON text of at most 64 KiB, and whether it was longer: then its beginning, as a JSON string.

    Raises:
        TypeError, ValueError: It has no JSON form.
    """
    if _is_long(result):
        return to_text(_beginning(result)), True
    text = to_text(result)
    return (text, False) if len(text) <= RESULT_BYTES else (to_text(text[:_KEPT]), True)


def _is_long(value: JSON) -> bool:
    """Whether a value is surely over the limit as JSON; looks at no more of it than that takes."""
    size, found = 0, [value]
    while found and size <= RESULT_BYTES:
        each = found.pop()
        if isinstance(each, str):
            size += len(each)
        elif isinstance(each, dict):
            size += len(each)
            found.extend(islice(each.values(), RESULT_BYTES))
        elif isinstance(each, list | tuple):
            size += len(each)
            found.extend(islice(each, RESULT_BYTES))
        else:
            size += 1
    return size > RESULT_BYTES


def _beginning(value: JSON) -> str:
    """What is kept of a long value's JSON text; the whole might be megabytes."""
    pieces: list[str] = []
    left = _KEPT
    for piece in _ENCODER.iterencode(value):
        pieces.append(piece[:left])
        left -= len(piece)
        if left <= 0:
            break
    return "".join(pieces)


def to_text(value: JSON) -> str:
    """JSON text in ASCII, which no database refuses."""
    return _ENCODER.encode(value)


def sentence(text: str) -> str:
    """Text for people that can be stored: bounded, nothing in it that a database refuses."""
    return text[:MESSAGE_LENGTH].replace("\0", "").encode("utf-8", "replace").decode()


def seconds(moment: datetime | None) -> float | None:
    """UTC epoch seconds."""
    return None if moment is None else moment.timestamp()
