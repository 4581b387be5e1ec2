"""Virtual components: values and buttons that users and scripts made.

Source: Shelly Gen2+ API, "Virtual components"; shapes from dumps of S1G3 and Dimmer0110VPMG3.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_shelly.simulation.inputs import GESTURES
from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import choice, invalid, required
from plugin_sdk.simulation import Behaviour, Handler


class Value(Behaviour):
    """A component that holds one value; what the value may be is a subclass's."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Set the value."""
        return {"Set": self.set}

    def set(self, params: JSONObject) -> JSON:
        """Take a new value if it fits the settings."""
        value = required(params, "value")
        if not self.fits(value):
            raise invalid("value")
        self.report(value=value, source="rpc", last_update_ts=int(self.device.now()))
        return None

    def fits(self, value: JSON) -> bool:
        """Whether a value may be taken."""
        raise NotImplementedError

    def boot(self) -> None:
        """A value that is not kept starts from its default."""
        if not self.config.get("persisted") and "default_value" in self.config:
            self.report(value=self.config["default_value"], source="init", last_update_ts=0)


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
        self.toggle({})
        return True


class Number(Value):
    """``number:N``: between ``min`` and ``max``."""

    __slots__ = ()

    def fits(self, value: JSON) -> bool:
        """A number within the bounds."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return bool(self.config.get("min", value) <= value <= self.config.get("max", value))

    def vary(self) -> bool:
        """Any value within the bounds."""
        low, high = self.config.get("min", 0), self.config.get("max", 100)
        self.set({"value": round(self.device.random.uniform(low, high), 1)})
        return True


class Text(Value):
    """``text:N``: at most ``max_len`` characters."""

    __slots__ = ()

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
        """A list of keys."""
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
        self.device.emit(self.key, choice(params, "event", GESTURES) or "")
        return None

    def press(self, gesture: str) -> bool:
        """Any gesture of a button."""
        if gesture in GESTURES:
            self.device.emit(self.key, gesture)
        return gesture in GESTURES
