"""One client's conversation: requests in, replies and events out, in whatever order they are ready.

Sans-socket. Calls of platform methods run as tasks of the session, calls to devices without one; both are bounded,
and beyond the bound the client's next request is simply not read yet. Every request is answered.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from fleet_platform.events.outbox import Outbox
from fleet_platform.rpc.calls import SocketCall
from fleet_platform.rpc.destinations import Destinations
from fleet_platform.rpc.dispatch import Dispatcher, unexpected
from fleet_platform.rpc.envelope import (
    PLATFORM,
    BadEnvelope,
    Request,
    decode_request,
    encode_error,
    encode_long,
    encode_result,
)
from fleet_platform.rpc.relay import Relay
from fleet_platform.text import JSONDecodeError, decode, frame_head, text_frame
from plugin_sdk import JSON, Pieces, Principal
from plugin_sdk.errors import FleetError, InvalidRequest, ParseError

MAX_RUNNING = 64
MAX_RELAYED = 1_000
MAX_BATCH = 1_000
MAX_BACKLOG = 8 * 1024 * 1024
"""Bytes of replies a client may leave unread before its next request is read."""
DRAIN_TIMEOUT_S = 60.0
_RELAY_SLICE = 100


class ClientSession:
    """Serves one websocket client.

    Args:
        receive: The next text, or None when the connection is over.
        close: Closes the connection with a code and a reason.
    """

    def __init__(
        self,
        *,
        principal: Principal,
        remote: str | None,
        receive: Callable[[], Awaitable[str | bytes | None]],
        close: Callable[[int, str], Coroutine[None, None, None]],
        outbox: Outbox,
        dispatcher: Dispatcher,
        relay: Relay,
        destinations: Destinations,
        tally: Counter[str],
    ) -> None:
        self._principal = principal
        self._remote = remote
        self._receive = receive
        self._close = close
        self._outbox = outbox
        self._dispatcher = dispatcher
        self._relay = relay
        self._destinations = destinations
        self._tally = tally
        self._tasks = asyncio.TaskGroup()
        self._running: set[asyncio.Task[None]] = set()
        self._relayed = 0
        self._room = asyncio.Event()
        self._ends = False

    async def run(self) -> None:
        """Serve until the connection ends; what still runs then is cancelled."""
        async with self._tasks:
            try:
                while (text := await self._receive()) is not None:
                    for member in self._members(text):
                        self._on_request(member)
                        if self._is_full():
                            await self._wait_for_room()
            finally:
                self._ends = True
                for task in list(self._running):
                    task.cancel()

    def cut_off(self, reason: str) -> None:
        """Close the connection with 1013: the client may come back and resume."""
        self._tally["clients_cut_off"] += 1
        self._tasks.create_task(self._close(1013, reason))

    def part(self, reason: str) -> None:
        """Close the connection with 1013 after what waits to be sent."""
        if not self._ends:
            self._tasks.create_task(self._part(reason))

    async def _part(self, reason: str) -> None:
        self._outbox.flush()
        await self._close(1013, reason)

    def _members(self, text: str | bytes) -> Sequence[JSON]:
        """The members of a batch, or the one request that a text is."""
        try:
            value = decode(text)
        except JSONDecodeError:
            self._tally["client_bad_frames"] += 1
            self._send(encode_error(None, ParseError()))
            return ()
        if not isinstance(value, list):
            return (value,)
        if not 0 < len(value) <= MAX_BATCH:
            error = InvalidRequest(f"a batch has 1 to {MAX_BATCH} requests")
            self._send(encode_error(None, error))
            return ()
        return value

    def _on_request(self, value: JSON) -> None:
        try:
            request = decode_request(value)
        except BadEnvelope as error:
            self._tally["client_bad_requests"] += 1
            self._send(encode_error(error.request_id, error))
            return
        if request.dst is None:
            self._start(self._call(request))
        elif (device := self._destinations.one(request.dst)) is not None:
            self._pass_on(request, device)
        else:
            self._start(self._pass_on_all(request, request.dst))

    # ---- the platform's methods ---------------------------------------------------------------------------

    async def _call(self, request: Request) -> None:
        call = SocketCall(
            principal=self._principal,
            request_id=secrets.token_hex(6),
            src=request.src,
            remote=self._remote,
            outbox=self._outbox,
        )
        try:
            result = await self._dispatcher.invoke(request.method, request.params, call=call)
            self._answer(request, result)
        except FleetError as error:
            self._refuse(request, error)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._tasks.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._room.set()

    # ---- calls to devices ---------------------------------------------------------------------------------

    async def _pass_on_all(self, request: Request, destinations: Sequence[str]) -> None:
        try:
            devices = self._destinations.expand(destinations, self._principal)
        except FleetError as error:
            self._refuse(request, error)
            return
        if not devices:
            self._answer(request, [])
        for number, device in enumerate(devices):
            if device.upper() == PLATFORM:
                await self._call(request)
            else:
                self._pass_on(request, device)
            if number % _RELAY_SLICE == _RELAY_SLICE - 1:
                await asyncio.sleep(0)
                await self._wait_until_read()

    def _pass_on(self, request: Request, device: str) -> None:
        self._relayed += 1

        def done(result: JSON, error: FleetError | None) -> None:
            self._relayed -= 1
            if self._relayed == MAX_RELAYED - 1:
                self._room.set()
            if error is None:
                self._answer(request, result, src=device)
            else:
                self._refuse(request, error, src=device)

        self._relay.submit(
            device, request.method, request.params, principal=self._principal, timeout_s=request.timeout_s, done=done
        )

    # ---- answers ------------------------------------------------------------------------------------------

    def _answer(self, request: Request, result: JSON, *, src: str = PLATFORM) -> None:
        if not request.expects_reply:
            return
        try:
            if isinstance(result, Pieces):
                parts = encode_long(request, result, src=src)
                self._outbox.reply(frame_head(sum(map(len, parts))), *parts)
                return
            payload = encode_result(request, result, src=src)
        except TypeError as error:
            self._refuse(request, unexpected(error, f"the result of {request.method}"), src=src)
            return
        self._send(payload)

    def _refuse(self, request: Request, error: FleetError, *, src: str = PLATFORM) -> None:
        if request.expects_reply:
            self._send(encode_error(request.id, error, src=src, dst=request.src))

    def _send(self, payload: bytes) -> None:
        self._outbox.reply(text_frame(payload))

    # ---- bounds -------------------------------------------------------------------------------------------

    def _is_full(self) -> bool:
        return len(self._running) >= MAX_RUNNING or self._relayed >= MAX_RELAYED or self._outbox.backlog > MAX_BACKLOG

    async def _wait_for_room(self) -> None:
        """Read nothing more until there is room; a client that leaves its replies unread is cut off.

        Raises:
            TimeoutError: It did not read in time.
        """
        while len(self._running) >= MAX_RUNNING or self._relayed >= MAX_RELAYED:
            self._room.clear()
            await self._room.wait()
        await self._wait_until_read()

    async def _wait_until_read(self) -> None:
        if self._outbox.backlog > MAX_BACKLOG:
            self._tally["clients_not_reading"] += 1
            async with asyncio.timeout(DRAIN_TIMEOUT_S):
                await self._outbox.drained()
