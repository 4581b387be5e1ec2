"""How a component type behaves inside a simulated device.

A behaviour is a small synchronous object: it owns no task and no clock, asks its device for both, and changes
the world only through :meth:`SimulatedDevice.report`, :meth:`~SimulatedDevice.emit` and
:meth:`~SimulatedDevice.config_changed`, so that every change leaves the device as the notification a real one
would send.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from random import Random
from typing import ClassVar, Protocol, TypeAlias

from plugin_sdk.values import JSON, ComponentKey, JSONObject, component_id


class DeviceFault(Exception):
    """The error a real device would answer.

    Attributes:
        code: Shelly error code, such as -105.
        text: Its message, such as ``Bad id=7``.

    Source: Shelly Gen2+ API, "Common Errors".
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Deferred:
    """A result that takes its time: a call over the air, an answer from another server.

    A handler returns one and settles it later, once, by :meth:`answer` or :meth:`fail`; the device lives on meanwhile.
    One that is never settled is a call that is never answered, as when the device restarts.
    """

    __slots__ = ("_outcome", "_tell")

    def __init__(self) -> None:
        self._outcome: tuple[JSON, DeviceFault | None] | None = None
        self._tell: Callable[[JSON, DeviceFault | None], None] | None = None

    def answer(self, result: JSON) -> None:
        """The call succeeded."""
        self._settle(result, None)

    def fail(self, fault: DeviceFault) -> None:
        """The call failed."""
        self._settle(None, fault)

    @classmethod
    def after(cls, device: SimulatedDevice, delay_s: float, work: Callable[[], JSON]) -> Deferred:
        """What ``work`` returns or raises as a :class:`DeviceFault`, after a delay of simulated time.

        Any other exception of it is answered as the device's own error 500, and goes on to whoever keeps the time.
        """
        deferred = cls()

        def due() -> None:
            try:
                deferred.answer(work())
            except DeviceFault as fault:
                deferred.fail(fault)
            except Exception:
                deferred.fail(DeviceFault(500, "internal error"))
                raise

        device.after(delay_s, due)
        return deferred

    def then(self, tell: Callable[[JSON, DeviceFault | None], None]) -> None:
        """Have the outcome told, now or when there is one; for whoever called, once."""
        if self._outcome is not None:
            tell(*self._outcome)
        else:
            self._tell = tell

    def _settle(self, result: JSON, fault: DeviceFault | None) -> None:
        if self._outcome is None:
            self._outcome = (result, fault)
            if self._tell is not None:
                self._tell(result, fault)


Handler: TypeAlias = Callable[[JSONObject], JSON | Deferred]
"""Serves one RPC method: takes ``params`` as they were sent, returns ``result``, or who will know it."""


class Timer(Protocol):
    """A pending call of :meth:`SimulatedDevice.after`."""

    def cancel(self) -> None:
        """Make sure it is not called any more."""


class Listener(Protocol):
    """Somebody whom a device tells of all its changes, beside its server: a local client, a script of its own."""

    def tell_status(self, key: str, patch: Mapping[str, JSON]) -> None:
        """A component's status changed."""

    def tell_event(self, key: str, event: str, data: Mapping[str, JSON]) -> None:
        """A component emitted an event."""

    def hang_up(self, reason: str) -> None:
        """The device goes down or to sleep: end the connection."""

    def come_up(self) -> None:
        """The device has booted: it may be reached again."""


class SimulatedDevice(Protocol):
    """What a behaviour sees of the device it is part of."""

    @property
    def id(self) -> str:
        """The device's id."""

    @property
    def random(self) -> Random:
        """The device's own generator, seeded from the run's seed and the device's MAC."""

    @property
    def source(self) -> str:
        """Who asked for the change being made, as Shelly spells it: ``WS_in``, ``timer``, ``init``, ``loopback``."""

    def now(self) -> float:
        """The device's clock, UTC epoch seconds; seconds since boot until the clock is set."""

    def status(self, key: str) -> JSONObject:
        """The live status of a component; read only, change it through :meth:`report`."""

    def config(self, key: str) -> JSONObject:
        """The settings of a component as they are now; ``<Type>.SetConfig`` is handled by the device itself."""

    def storage(self, key: str) -> JSONObject:
        """What a component keeps over restarts beside settings and status; empty at first, free to change."""

    def keys(self, component_type: str) -> list[ComponentKey]:
        """Keys of all components of a type, in order."""

    def report(self, key: str, patch: Mapping[str, JSON]) -> None:
        """Change a component's status and send the change as ``NotifyStatus``.

        Reports of one turn of the event loop leave as one frame. A value of None removes the key from the
        status and is sent as null, as real devices do when a timer ends.
        """

    def drift(self, key: str, patch: Mapping[str, JSON]) -> None:
        """Change a component's status and tell nobody: what devices show only when asked, as a signal's strength."""

    def emit(self, key: str, event: str, **data: JSON) -> None:
        """Send a ``NotifyEvent`` of a component."""

    def listen(self, listener: Listener) -> None:
        """Tell somebody else of all changes from now on; costs every notification a little."""

    def ignore(self, listener: Listener) -> None:
        """Undo :meth:`listen`."""

    def config_changed(self, key: str, *, restart_required: bool = False) -> None:
        """Count ``sys.cfg_rev`` up, send ``config_changed`` and then the new revision's status."""

    def set_config(self, key: str, patch: Mapping[str, JSON]) -> bool:
        """Change a component's settings as ``SetConfig`` does; returns whether that needs a restart."""

    def after(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call back once after a delay of simulated time; dropped when the device restarts."""

    def call(self, method: str, params: Mapping[str, JSON] | None = None, *, source: str = "loopback") -> JSON:
        """Run one of the device's own RPC methods, as its inputs, scripts and schedules do.

        Returns the result, or a :class:`Deferred` where the method takes its time.

        Raises:
            DeviceFault: As the method answers to anybody.
        """

    def signal(self, key: str, event: str) -> None:
        """Tell the device's other components what one of them noticed; see :meth:`Behaviour.noticed`."""

    def add(
        self,
        key: str,
        *,
        status: Mapping[str, JSON],
        config: Mapping[str, JSON],
        attrs: Mapping[str, JSON] | None = None,
    ) -> None:
        """Create a dynamic component and tell the world by ``component_added``."""

    def remove(self, key: str) -> None:
        """Delete a dynamic component and tell the world by ``component_removed``."""


CLOCK_IS_SET_FROM = 1_000_000_000
"""A device's clock counts seconds since its boot until a time server has set it to UTC epoch seconds."""


def clock_is_set(device: SimulatedDevice) -> bool:
    """Whether a device knows the time."""
    return device.now() >= CLOCK_IS_SET_FROM


class Behaviour:
    """One component's own life. All methods are called on the event loop and must not block.

    This class does nothing by itself; override what the component does. A subclass with state of its own
    declares ``__slots__``: thousands of them live in one process.

    Attributes:
        device: The device it is part of.
        key: Its component key: ``switch:0``.
    """

    __slots__ = ("device", "key")

    shared_methods: ClassVar[Collection[str]] = ()
    """Methods of the type as a whole, such as ``SetAll``: they take no ``id``, and the first instance serves them."""

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        self.device = device
        self.key = key

    @property
    def index(self) -> int:
        """The instance number; 0 for a singleton."""
        return component_id(self.key) or 0

    @property
    def status(self) -> JSONObject:
        """The component's status; read only."""
        return self.device.status(self.key)

    @property
    def config(self) -> JSONObject:
        """The component's settings as they are now; read only."""
        return self.device.config(self.key)

    def report(self, **patch: JSON) -> None:
        """Change the component's status and tell the world."""
        self.device.report(self.key, patch)

    def methods(self) -> Mapping[str, Handler]:
        """RPC methods by the part after the dot (``{"Toggle": self.toggle}``), beside the generic ones.

        ``GetStatus``, ``GetConfig`` and ``SetConfig`` are the device's. Parameters come as they were sent,
        with ``id`` checked. Raise :class:`DeviceFault` for an error.
        """
        return {}

    def boot(self) -> None:
        """The device has started; initial states are applied here."""

    def minute(self) -> None:
        """A minute of device time has passed: count energy, drift temperatures."""

    def vary(self) -> bool:
        """Change something small, as happens in use (a load's power drifts); returns whether it reported it."""
        return False

    def press(self, gesture: str) -> bool:  # noqa: ARG002 - for subclasses
        """Somebody presses it or throws it: ``single_push``, ``on``; returns whether it takes such a gesture."""
        return False

    def noticed(self, key: str, event: str) -> None:
        """Another component of the device noticed something.

        Args:
            key: Who: ``input:0``.
            event: What: ``on``, ``off`` or a gesture such as ``single_push``.
        """

    def configured(self, changes: Mapping[str, JSON]) -> bool:  # noqa: ARG002 - for subclasses
        """Settings were changed by ``SetConfig``; returns whether a restart is required.

        Args:
            changes: What differs from before, nested as in the settings.

        Raises:
            DeviceFault: The new settings are refused; the device restores the old ones.
        """
        return False
