"""Ways in which firmware families spell their notifications. Constant data.

Source: protocol reference sections A1-A3 and F1 (captured frames), openhab-addons issue 18757.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleet_platform.simulator.device.firmware import is_wall_display, release_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What differs on the wire between firmwares.

    Attributes:
        dst: Destination of all notifications on the outbound channel.
        component_ids: Whether a component in ``NotifyStatus`` repeats its ``id``.
        numbered: Whether notifications carry an ``id``, though they are no requests: 0, or their time.
        stamped: Component types whose reports have their time as ``id`` and ``ts`` as the last name, where numbered.
        whole: Whether a report of an instance holds all of its status, not only what changed.
        whole_seconds: Whether ``ts`` is an integer.
        partial_first: Whether the first frame is a ``NotifyStatus`` with the stamped components only.
        rpc_source: What ``source`` says after a command over a websocket.
    """

    dst: str = "ws"
    component_ids: bool = False
    numbered: bool = False
    stamped: frozenset[str] = frozenset()
    whole: bool = False
    whole_seconds: bool = False
    partial_first: bool = False
    rpc_source: str = "WS_in"


CURRENT = Dialect()
BEFORE_1_6 = Dialect(component_ids=True)
WALL_DISPLAY = Dialect(
    dst="user_1",
    component_ids=True,
    numbered=True,
    # Of two captured frames (aioshelly PR 456) a thermostat's has id 0 and ts first, the sensors' has ts as its id and
    # last; both hold whole components. That it depends on the component, and what events look like, is not documented.
    stamped=frozenset({"temperature", "humidity", "illuminance"}),
    whole=True,
    whole_seconds=True,
    partial_first=True,
    rpc_source="RPC Set",
)


def dialect_of(app: str, version: str) -> Dialect:
    """The dialect of a firmware: ``("Plus1PM", "1.5.1-beta1")`` → :data:`BEFORE_1_6`."""
    if is_wall_display(app):
        return WALL_DISPLAY
    return BEFORE_1_6 if release_of(version) < (1, 6) else CURRENT
