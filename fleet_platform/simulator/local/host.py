"""One device as its own network sees it: an address, a listening socket while it is up, and who is talking to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from fleet_platform.simulator.device import rpc
from fleet_platform.simulator.local.addresses import Address
from fleet_platform.simulator.local.conversation import Conversation
from fleet_platform.simulator.local.digest import Credentials
from fleet_platform.simulator.local.gate import Gate, Refusal
from fleet_platform.simulator.outbound.late import late
from plugin_sdk import JSON

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine
    from fleet_platform.simulator.local.options import LocalOptions

MOST_CALLS = 6
"""Calls over HTTP at the same time (Shelly Gen2+ API, "RPC channels": six non-persistent channels)."""

MOST_CONVERSATIONS = 6
"""Websockets at the same time. Firmware has a limit; which one is not documented."""


class Neighbourhood(Protocol):
    """What a host asks of the side it belongs to."""

    def open(self, host: Host) -> None:
        """Have it listen."""

    def left(self, host: Host, *, orderly: bool) -> None:
        """It is gone: end its connections and, where it can still say so, have its neighbours know."""


class Host:
    """One device in the local network. A :class:`~plugin_sdk.simulation.Listener` of the device.

    Attributes:
        device: Which.
        address: Where it is.
        up: Whether it can be reached.
        gate: Who may call it.
        server: What listens; None while nothing does.
    """

    __slots__ = ("_calls", "_conversations", "_side", "_telling", "address", "device", "gate", "server", "up")

    def __init__(self, device: Machine, address: Address, side: Neighbourhood, options: LocalOptions) -> None:
        self.device = device
        self.address = address
        self.up = False
        self.gate = Gate(device, options.setup_window_s)
        self.server: asyncio.Server | None = None
        self._side = side
        self._telling = False
        self._conversations: tuple[Conversation, ...] = ()
        self._calls: tuple[asyncio.Future[bytes | None], ...] = ()

    # ---- the device's listener --------------------------------------------------------------------------

    def tell_status(self, key: str, patch: Mapping[str, JSON]) -> None:
        """A component's status changed."""
        for conversation in self._conversations:
            if conversation.listening:
                conversation.tell_status(key, patch)
                self._tell_soon()

    def tell_event(self, key: str, event: str, data: Mapping[str, JSON]) -> None:
        """A component emitted an event."""
        for conversation in self._conversations:
            if conversation.listening:
                conversation.tell_event(key, event, data)
                self._tell_soon()

    def compose(self) -> None:
        """The turn is over: the news leave, each by its conversation's own writer."""
        self._telling = False
        for conversation in self._conversations:
            conversation.flush()

    def come_up(self) -> None:
        """The device has booted: listen, under the address that it shows."""
        self.show_address()
        if not self.up:
            self.up = True
            self._side.open(self)

    def hang_up(self, reason: str) -> None:
        """The device goes down or to sleep. Without power it says nothing more."""
        powered = self.device.power.state != "off"
        self.up = False
        self.gate.forget()
        if self.server is not None:
            self.server.close()
            self.server = None
        for conversation in self._conversations:
            if powered:
                conversation.close(1000 if reason else 1001, reason)
            else:
                conversation.abort()
        for call in self._calls:
            if not call.done():
                call.set_result(None)
        self._side.left(self, orderly=powered)

    # ---- for its doors ----------------------------------------------------------------------------------

    def opened(self, server: asyncio.Server) -> bool:
        """It listens; returns whether it is still to be reached."""
        if not self.up:
            server.close()
            return False
        self.server = server
        return True

    def show_address(self) -> None:
        """Have the device show where it is: as the address of its Wi-Fi, or of its cable where it has no Wi-Fi."""
        status = self.device.state.status
        for key, name in (("wifi", "sta_ip"), ("eth", "ip")):
            if status.get(key, {}).get(name) is not None:
                status[key][name] = self.address[0]
                return

    def admit(self, method: str, credentials: Credentials | None) -> Refusal | None:
        """Whether a call may be served; None if it may. Counts it."""
        self.device.world.stats.requests += 1
        return self.gate.check(method, credentials)

    def serve(self, request: rpc.Request, send: Callable[[bytes], None], source: str) -> None:
        """Have a call answered, now or later; it keeps a sleeper awake."""
        faults = self.device.session.faults
        if not faults.silent:
            answer = late(self.device, send, faults.delay_s(request.method))
            rpc.answer(self.device, request, answer, source=source, faults=faults)
        self.device.power.stay_awake()

    async def ask(self, request: rpc.Request, source: str, patience_s: float) -> bytes | None:
        """The reply to a call; None if the device went down meanwhile, or never answered."""
        call: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._calls = (*self._calls, call)
        try:
            self.serve(request, lambda text: None if call.done() else call.set_result(text), source)
            async with asyncio.timeout(patience_s):
                return await call
        except TimeoutError:
            return None
        finally:
            self._calls = tuple(each for each in self._calls if each is not call)

    @property
    def busy(self) -> bool:
        """Whether it can take no further call over HTTP."""
        return len(self._calls) >= MOST_CALLS

    @property
    def talking(self) -> frozenset[asyncio.BaseTransport]:
        """Connections that are websockets and end in order by themselves."""
        return frozenset(each.transport for each in self._conversations if each.transport is not None)

    @property
    def crowded(self) -> bool:
        """Whether it can take no further websocket."""
        return len(self._conversations) >= MOST_CONVERSATIONS

    def join(self, conversation: Conversation) -> None:
        """Somebody opened a websocket."""
        self._conversations = (*self._conversations, conversation)

    def leave(self, conversation: Conversation) -> None:
        """A websocket is closed."""
        self._conversations = tuple(each for each in self._conversations if each is not conversation)

    # ---- inside -----------------------------------------------------------------------------------------

    def _tell_soon(self) -> None:
        if not self._telling:
            self._telling = True
            self.device.world.soon(self)
