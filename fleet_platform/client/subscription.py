"""Events of the platform as an asynchronous iterator that goes on after a lost connection.

Each subscription has a websocket of its own, so that filters never mix, and reads it only when asked for the next
event: a slow reader slows nobody else, the platform conflates what waits, and cuts it off at worst. Nothing is queued
here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
import orjson

from fleet_platform.client.errors import ConnectionLost, NotSignedIn, RpcError, Unreachable
from fleet_platform.client.transport import Transport, decode_frame, pauses
from plugin_sdk import JSON
from plugin_sdk.errors import Unavailable

logger = logging.getLogger(__name__)

SUBSCRIBE_TIMEOUT_S = 30.0
MAX_EARLY = 50_000
"""Events that may overtake the reply to ``Subscribe``: what a replay can hold, with room to spare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event frame: ``{"method": …, "params": …, "seq": …}``."""

    method: str
    params: JSON
    seq: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync:
    """Events were missed for good; whoever keeps state starts afresh.

    Attributes:
        snapshot: State of the fleet at this point of the stream, if ``options.snapshot`` asked for it.
    """

    snapshot: JSON


class Subscription:
    """``async with client.subscribe([...]) as events: async for event in events: …``.

    Waiting for the next event may be cancelled; nothing is lost by that.

    Args:
        options: As in ``FleetManager.Subscribe``.
        first_pause_s: About how long to wait before the first attempt to reconnect.

    Attributes:
        snapshot: State of the fleet at the start, if ``options.snapshot`` asked for it.
        connected: Whether there is a connection; while there is none, whoever waits for an event has it tried again.
        losses: How often the connection was lost.

    Raises:
        NotSignedIn: At the start, or when a token has expired for good.
        RpcError: The platform refuses the subscription.
        Unreachable: At the start only; later it is tried again for ever.
    """

    def __init__(
        self, transport: Transport, events: Sequence[str], options: Mapping[str, JSON], *, first_pause_s: float = 0.5
    ) -> None:
        self._transport = transport
        self._params: dict[str, JSON] = {"events": list(events), "options": dict(options)}
        self._first_pause_s = first_pause_s
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._since: dict[str, JSON] | None = None
        self._ready: deque[Event | Resync] = deque()
        self.snapshot: JSON = None
        self.connected = False
        self.losses = 0

    async def __aenter__(self) -> Self:
        try:
            self.snapshot = (await self._open()).get("snapshot")
            self.connected = True
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        await self._close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event | Resync:
        while not self._ready:
            frame = await self._receive()
            if frame is None:
                await self._resume()
            else:
                self._take(frame)
        ready = self._ready.popleft()
        if isinstance(ready, Event) and ready.seq is not None and self._since is not None:
            self._since["seq"] = ready.seq
        return ready

    async def _resume(self) -> None:
        self.connected = False
        self.losses += 1
        for pause_s in pauses(self._first_pause_s):
            logger.debug("the event stream was lost, trying again")
            await asyncio.sleep(pause_s)
            try:
                reply = await self._open()
            except NotSignedIn:
                raise
            except (ConnectionError, TimeoutError):
                continue
            except RpcError as error:
                if error.code == Unavailable.code:
                    continue
                raise
            self.connected = True
            if reply.get("resync"):
                self._ready.appendleft(Resync(snapshot=reply.get("snapshot")))
            return

    async def _open(self) -> dict[str, Any]:
        """Connect and subscribe; returns the reply to ``Subscribe``."""
        await self._close()
        self._socket = await self._transport.open_socket()
        params = self._params if self._since is None else {**self._params, "since": self._since}
        request = {"jsonrpc": "2.0", "id": 1, "method": "FleetManager.Subscribe", "params": params}
        try:
            async with asyncio.timeout(SUBSCRIBE_TIMEOUT_S):
                await self._socket.send_str(orjson.dumps(request).decode())
                reply = await self._subscribed()
        except aiohttp.ClientError as error:
            raise Unreachable(f"the connection was lost: {error}") from error
        if self._since is None or reply.get("resync"):
            self._since = {"epoch": reply.get("epoch"), "seq": reply.get("seq")}
        return reply

    async def _subscribed(self) -> dict[str, Any]:
        """The reply to ``Subscribe``. Events may overtake it: a reply with a snapshot takes long to encode."""
        while len(self._ready) < MAX_EARLY:
            frame = await self._receive()
            if frame is None:
                break
            if "method" in frame:
                self._take(frame)
            elif "error" in frame:
                raise RpcError.decode(frame["error"])
            else:
                return dict(frame["result"])
        raise ConnectionLost("the connection ended before the subscription was confirmed")

    async def _receive(self) -> dict[str, Any] | None:
        """The next frame, or None once the connection has ended; pings find out about that."""
        return None if self._socket is None else decode_frame(await self._socket.receive())

    def _take(self, frame: Mapping[str, Any]) -> None:
        if "method" in frame:
            self._ready.append(Event(method=frame["method"], params=frame.get("params"), seq=frame.get("seq")))

    async def _close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
            self._socket = None
