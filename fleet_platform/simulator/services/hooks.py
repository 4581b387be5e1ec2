"""One device's webhooks at work: what happens is compared with what they wait for, and their addresses are called.

A device without enabled hooks listens to nothing of itself, so that its notifications cost no more for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from fleet_platform.simulator.outbound.trust import trusted
from fleet_platform.simulator.outbound.web import Problem, WebAnswer, WebRequest
from fleet_platform.simulator.services.expression import (
    BadExpression,
    Expression,
    Roots,
    is_true,
    read_expression,
    shown,
)
from plugin_sdk import JSON, ComponentType, JSONObject, WebhookEvent
from plugin_sdk.local_time import hour_at, is_within, read_period, utc_offset_s
from plugin_sdk.simulation import clock_is_set

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

TOKEN = re.compile(r"\$\{([^}]*)\}")

_TIMEOUT_S = 10.0
"""The firmware's own time-out is not documented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watch:
    """A hook, one cause of its event, and its condition."""

    hook: JSONObject
    cause: WebhookEvent
    condition: Expression | None


class Hooks:
    """The webhooks of one device that are enabled. It lives from one boot to the next."""

    __slots__ = ("_called", "_device", "_listening", "_seen", "_watches")

    def __init__(self, device: Machine) -> None:
        self._device = device
        self._watches: dict[str, list[_Watch]] = {}
        self._seen: dict[tuple[str, str], JSON] = {}
        self._called: dict[int, float] = {}
        self._listening = False

    def resume(self) -> None:
        """The device has started: what was called before is forgotten."""
        self._called.clear()
        self.watch()

    def watch(self) -> None:
        """Hooks were added, changed or removed."""
        device = self._device
        self._watches.clear()
        for hook in device.stores.webhooks.values():
            if hook["enable"]:
                key, causes = causes_of(device, hook)
                condition = read_expression(hook["condition"]) if hook["condition"] else None
                self._watches.setdefault(key, []).extend(
                    _Watch(hook=hook, cause=cause, condition=condition) for cause in causes
                )
        self._called = {number: when for number, when in self._called.items() if number in device.stores.webhooks}
        self._seen = {
            (key, watch.cause.path): _look_up(device.state.status.get(key, {}), watch.cause.path)
            for key, watches in self._watches.items()
            for watch in watches
        }
        if bool(self._watches) != self._listening:
            (device.ignore if self._listening else device.listen)(self)
            self._listening = not self._listening

    # ---- what the device says ---------------------------------------------------------------------------

    def tell_status(self, key: str, patch: Mapping[str, JSON]) -> None:
        """A component's status changed, or was said again."""
        watches = self._watches.get(key)
        if not watches:
            return
        status = self._device.state.status.get(key, {})
        now = {path: _look_up(status, path) for path in {watch.cause.path for watch in watches if watch.cause.path}}
        changed = {path for path, value in now.items() if value != self._seen.get((key, path))}
        self._seen.update({(key, path): value for path, value in now.items()})
        for watch in tuple(watches):
            cause = watch.cause
            reported = cause.each_report and cause.path.partition(".")[0] in patch
            if (cause.path in changed or reported) and cause.value in (None, now.get(cause.path)):
                self._happened(key, watch)

    def tell_event(self, key: str, event: str, data: Mapping[str, JSON]) -> None:  # noqa: ARG002 - as listeners have it
        """A component emitted an event."""
        for watch in tuple(self._watches.get(key, ())):
            if watch.cause.event == event:
                self._happened(key, watch)

    def hang_up(self, reason: str) -> None:
        """There is no connection to end; the next boot starts anew."""

    def come_up(self) -> None:
        """There is nobody to reach it."""

    # ---- what follows -----------------------------------------------------------------------------------

    def _happened(self, key: str, watch: _Watch) -> None:
        device, hook = self._device, watch.hook
        status = device.state.status.get(key, {})
        told = {each.name: _look_up(status, each.path) if each.path else each.value for each in watch.cause.attributes}
        event = {"component": key, "event": hook["event"].partition(".")[2], **told}

        def roots(name: str) -> JSON:
            if name in ("ev", "event"):
                return event
            if name == "status":
                return device.full_status()
            if name == "config":
                return device.state.config
            return device.state.info if name == "info" else None

        if not self._is_active(hook["active_between"]):
            return
        if watch.condition is not None and not is_true(watch.condition(roots)):
            self._called.pop(hook["id"], None)
            return
        if self._is_too_soon(hook):
            return
        self._called[hook["id"]] = device.uptime_s()
        for url in hook["urls"]:
            filled = TOKEN.sub(lambda found: _filled(found[1], roots), url)
            request = WebRequest(
                method="GET", url=filled, timeout_s=_TIMEOUT_S, ssl_ca=trusted(device.storage("files"), hook["ssl_ca"])
            )
            device.world.web.send(device.id, request, _nobody_cares)

    def _is_active(self, between: JSON) -> bool:
        """Whether local time is within the hook's hours; never without a set clock."""
        period, device = read_period(between), self._device
        if period is None:
            return True
        now = device.now()
        return clock_is_set(device) and is_within(hour_at(now, utc_offset_s(device, now)), period)

    def _is_too_soon(self, hook: JSONObject) -> bool:
        """Whether the hook was called already: within its period, or ever, where that is negative.

        A condition that was false meanwhile starts anew. The API says so of the period's purpose, not in detail.
        """
        period_s, last = hook["repeat_period"], self._called.get(hook["id"])
        if last is None or period_s == 0:
            return False
        return bool(period_s < 0 or self._device.uptime_s() - last < period_s)


def causes_of(device: Machine, hook: Mapping[str, JSON]) -> tuple[str, list[WebhookEvent]]:
    """The component that a hook is for, and what causes its event; none if that is no event."""
    kind_name, _, name = hook["event"].partition(".")
    kind: ComponentType | None = device.world.types.get(kind_name)
    if kind is None:
        return "", []
    key = kind_name if kind.singleton else f"{kind_name}:{hook['cid']}"
    return key, [event for event in kind.webhooks if event.name == name]


def are_tokens_read(url: str) -> bool:
    """Whether all ``${…}`` of an address hold expressions."""
    try:
        for found in TOKEN.findall(url):
            read_expression(found)
    except BadExpression:
        return False
    return True


def _filled(text: str, roots: Roots) -> str:
    return quote(shown(read_expression(text)(roots)), safe="")


def _look_up(status: Mapping[str, JSON], path: str) -> JSON:
    value: JSON = status
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _nobody_cares(_outcome: WebAnswer | Problem) -> None:
    """Devices make nothing of the answer to a webhook; the client counts failures."""
