"""One component of a model."""

from __future__ import annotations

from dataclasses import dataclass

from plugin_sdk import JSONObject

COUNTER: JSONObject = {"total": 0, "by_minute": [0, 0, 0], "minute_ts": 0}
AUTO: JSONObject = {"auto_on": False, "auto_on_delay": 60, "auto_off": False, "auto_off_delay": 60}
WARM: JSONObject = {"temperature": {"tC": 47.5, "tF": 117.5}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One component of a model.

    Attributes:
        type: ``switch``.
        config: Its settings without ``id``; None if it has none.
        status: Its status without ``id``; None if it has none.
        numbered: Whether its status repeats the ``id``.
    """

    type: str
    config: JSONObject | None
    status: JSONObject | None
    numbered: bool = True


def plain(kind: str, config: JSONObject | None = None, status: JSONObject | None = None) -> Part:
    """A part that has both; nothing given is an empty object."""
    return Part(type=kind, config={} if config is None else config, status={} if status is None else status)
