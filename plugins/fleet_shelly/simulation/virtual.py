"""Virtual components: values and buttons that users and scripts made.

A component that belongs to a service of the device (``owner``) may be only readable from outside (``access``: ``cr``).

Source: Shelly Gen2+ API, "Virtual components"; shapes from dumps of S1G3, Dimmer0110VPMG3 and XT1. The code and text of
a refusal for want of access are not documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from fleet_shelly.simulation import checks
from fleet_shelly.simulation.gestures import GESTURES
from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import choice, invalid, required
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler

_UNBOUNDED = 999_999_999_999_999


class Value(Behaviour):
    """A component that holds one value; what the value may be is a subclass's."""

    __slots__ = ()

    rules: ClassVar[Mapping[str, checks.Rule]] = {"name": checks.text(64)}
    """What its settings may be, beside what fits the value."""

    def methods(self) -> Mapping[str, Handler]:
        """Set the value."""
        return {"Set": self.set}

    def set(self, params: JSONObject) -> JSON:
        """Take a new value if it fits the settings."""
        value = required(params, "value")
        may_write(self)
        if not self.fits(value):
            raise invalid("value")
        self.show(value, "rpc", int(self.device.now()))
        return None

    def show(self, value: JSON, source: str, at: int) -> None:
        """Have a value; one that a service owns shows nothing else (dumps of XT1)."""
        self.report(value=value, **({} if self.config.get("owner") else {"source": source, "last_update_ts": at}))

    def fits(self, value: JSON) -> bool:
        """Whether a value may be taken."""
        raise NotImplementedError

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """A default must fit, too; a value that does not any more gives way to it."""
        checks.obey(changes, self.rules)
        if "default_value" in self.config and not self.fits(self.config["default_value"]):
            raise invalid("default_value")
        if "value" in self.status and not self.fits(self.status["value"]) and "default_value" in self.config:
            self.show(self.config["default_value"], "sys", int(self.device.now()))
        return False

    def boot(self) -> None:
        """A value that is not kept starts from its default; a service sees to its own."""
        if not self.config.get("persisted") and "default_value" in self.config and not self.config.get("owner"):
            self.show(self.config["default_value"], "init", 0)


class Boolean(Value):
    """``boolean:N``."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Set and toggle."""
        return {"Set": self.set, "Toggle": self.toggle}

    def toggle(self, _params: JSONObject) -> JSON:
        """The other value."""
        return self.set({"value": not self.status.get("value")})

    def fits(self, value: JSON) -> bool:
        """True or false."""
        return isinstance(value, bool)

    def vary(self) -> bool:
        """Somebody flips it."""
        self.show(not self.status.get("value"), "rpc", int(self.device.now()))
        return True


class Number(Value):
    """``number:N``: between ``min`` and ``max``."""

    __slots__ = ()

    rules: ClassVar[Mapping[str, checks.Rule]] = {
        **Value.rules,
        "min": checks.number(-_UNBOUNDED, _UNBOUNDED),
        "max": checks.number(-_UNBOUNDED, _UNBOUNDED),
    }

    def fits(self, value: JSON) -> bool:
        """A number within the bounds."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return bool(self.config.get("min", value) <= value <= self.config.get("max", value))

    def vary(self) -> bool:
        """Any value within the bounds; a service's moves a little."""
        low, high = self.config.get("min", 0), self.config.get("max", 100)
        before = self.status.get("value")
        if self.config.get("owner") and isinstance(before, int | float):
            low, high = max(low, before - 0.5), min(high, before + 0.5)
        self.show(round(self.device.random.uniform(low, high), 1), "rpc", int(self.device.now()))
        return True


class Text(Value):
    """``text:N``: at most ``max_len`` characters."""

    __slots__ = ()

    rules: ClassVar[Mapping[str, checks.Rule]] = {**Value.rules, "max_len": checks.number(0, 255)}

    def fits(self, value: JSON) -> bool:
        """A text that is short enough."""
        return isinstance(value, str) and len(value) <= int(self.config.get("max_len", 255))


class Enum(Value):
    """``enum:N``: one of ``options``, or none."""

    __slots__ = ()

    def fits(self, value: JSON) -> bool:
        """One of the options, or null."""
        return value is None or value in self.config.get("options", ())


class Group(Value):
    """``group:N``: keys of components that belong together."""

    __slots__ = ()

    def fits(self, value: JSON) -> bool:
        """A list of keys; whether firmware wants each to be there is not documented."""
        return isinstance(value, list) and all(isinstance(key, str) for key in value)


class Object(Value):
    """``object:N``: any JSON object."""

    __slots__ = ()

    def fits(self, value: JSON) -> bool:
        """An object, or null."""
        return value is None or isinstance(value, dict)


class Button(Behaviour):
    """``button:N``: has no state, only gestures."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Trigger a gesture."""
        return {"Trigger": self.trigger}

    def trigger(self, params: JSONObject) -> JSON:
        """Emit a gesture."""
        required(params, "event")
        event = choice(params, "event", GESTURES) or ""
        may_write(self)
        self.device.emit(self.key, event)
        return None

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """A name has its length."""
        checks.obey(changes, {"name": checks.text(64)})
        return False

    def press(self, gesture: str) -> bool:
        """Any gesture of a button."""
        if gesture in GESTURES:
            self.device.emit(self.key, gesture)
        return gesture in GESTURES


def may_write(component: Behaviour) -> None:
    """Refuse where only the component's owner may write.

    Raises:
        DeviceFault: -107.
    """
    owner, access = component.config.get("owner"), component.config.get("access")
    if owner and isinstance(access, str) and access != "*" and "w" not in access:
        raise DeviceFault(-107, "Permission denied")
