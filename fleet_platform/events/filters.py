"""What a subscriber wants: event names, devices, reasons. Pure and hashable, so that equal wishes share one check.

Rules for reasons are the predecessor's: ``core:component`` with ``*`` standing for a whole part; a deny rule removes a
reason, an allow list keeps only what it names, and a status event is sent if a reason is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from fleet_platform.events.record import Record
from plugin_sdk import JSON
from plugin_sdk.errors import InvalidParams

MAX_NAMES = 200
MAX_RULES = 200
MAX_DEVICES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Allow and deny rules of one event name; ``allow`` None means that everything is allowed."""

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()

    def passes(self, reason: str) -> bool:
        """Whether a reason survives. Deny rules are looked at first."""
        if any(rule_matches(rule, reason) for rule in self.deny):
            return False
        return self.allow is None or any(rule_matches(rule, reason) for rule in self.allow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One subscription's wish.

    Attributes:
        name: Event name; a trailing ``*`` matches any rest.
        devices: Lower-case device ids, or None for all. Says nothing about events that are about no device.
        rules: Rules for the reasons of the event, or None.
        inner_rules: Of a name with a star: rules for single events that it matches.
        changed_only: Status events carry only the components that changed.
    """

    name: str
    devices: frozenset[str] | None = None
    rules: Rules | None = None
    inner_rules: tuple[tuple[str, Rules], ...] = ()
    changed_only: bool = False

    def select(self, record: Record) -> tuple[str, ...] | None:
        """What of a record passes, the name being wanted already.

        Returns:
            None if nothing does; else the keys of the components that pass (empty for events without components).
        """
        if self.devices is not None and record.device is not None and record.device.lower() not in self.devices:
            return None
        keys = record.keys
        rules = self.rules
        if self.inner_rules:
            rules = next((inner for name, inner in self.inner_rules if name == record.method), rules)
        if rules is None or not record.reasons:
            return keys
        if len(record.reasons) != len(keys):
            return keys if any(map(rules.passes, record.reasons)) else None
        kept = tuple(key for key, reason in zip(keys, record.reasons, strict=True) if rules.passes(reason))
        return kept or None


def name_matches(pattern: str, method: str) -> bool:
    """``Shelly.*`` matches every name that starts with ``Shelly.``; without a star names must be equal."""
    return method.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == method


@lru_cache(maxsize=4096)
def rule_matches(rule: str, reason: str) -> bool:
    """``*`` stands for one whole part: ``*:aenergy`` and ``em:*`` match, a bare ``switch`` never does."""
    if rule == reason:
        return True
    wanted, given = rule.split(":"), reason.split(":")
    return len(wanted) == len(given) and all(w in ("*", g) for w, g in zip(wanted, given, strict=True))


def decode_filters(events: Sequence[str], options: Mapping[str, JSON] | None) -> tuple[Filter, ...]:
    """Read the parameters of ``FleetManager.Subscribe``: one filter per event name, in their order.

    Raises:
        InvalidParams: With the path of each fault, all of them at once.
    """
    options = options or {}
    faults: list[dict[str, str]] = []
    if not events or len(events) > MAX_NAMES:
        faults.append({"path": "events", "message": f"must name 1 to {MAX_NAMES} events"})
    unknown = (name for name in options if name not in ("events", "shellyIDs", "status", "snapshot"))
    faults.extend({"path": f"options.{name}", "message": "unknown option"} for name in islice(unknown, MAX_NAMES))
    devices = options.get("shellyIDs")
    if devices is not None and not (_is_strings(devices) and len(devices) <= MAX_DEVICES):
        message = f"must be a list of up to {MAX_DEVICES:,} device ids"
        faults.append({"path": "options.shellyIDs", "message": message})
    status = options.get("status", "full")
    if status not in ("full", "changed"):
        faults.append({"path": "options.status", "message": 'must be "full" or "changed"'})
    rules_by_name = _rules(options.get("events"), faults)
    if faults:
        raise InvalidParams(faults)
    wanted_devices = None if devices is None else frozenset(device.lower() for device in devices)
    return tuple(
        Filter(
            name=name,
            devices=wanted_devices,
            rules=next((rules for wanted, rules in rules_by_name if wanted == name), None),
            inner_rules=tuple(entry for entry in rules_by_name if entry[0] != name and name_matches(name, entry[0])),
            changed_only=status == "changed",
        )
        for name in events
    )


def _rules(wanted: JSON, faults: list[dict[str, str]]) -> tuple[tuple[str, Rules], ...]:
    if wanted is None:
        return ()
    if not isinstance(wanted, dict) or len(wanted) > MAX_NAMES:
        message = f"must be an object of up to {MAX_NAMES} members: event name to its rules"
        faults.append({"path": "options.events", "message": message})
        return ()
    found = []
    for name, body in wanted.items():
        path = f"options.events.{name}"
        if not isinstance(body, dict) or set(body) - {"allow", "deny"}:
            faults.append({"path": path, "message": "must be an object with allow and deny"})
            continue
        for key in ("allow", "deny"):
            if body.get(key) is not None and not (_is_strings(body[key]) and len(body[key]) <= MAX_RULES):
                faults.append({"path": f"{path}.{key}", "message": f"must be a list of up to {MAX_RULES} rules"})
                break
        else:
            allow, deny = body.get("allow"), body.get("deny")
            found.append((name, Rules(allow=None if allow is None else tuple(allow), deny=tuple(deny or ()))))
    return tuple(found)


def _is_strings(value: JSON) -> bool:
    return isinstance(value, list) and all(isinstance(member, str) for member in value)
