"""Calls to the platform and, through it, to devices, over one websocket that is kept open.

A call whose connection is lost fails at once and is never repeated: it may have had its effect. Calls made while there
is no connection wait for the next one, within their own deadline.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
import orjson

from fleet_platform.client.credentials import Credentials, Token
from fleet_platform.client.errors import ConnectionLost, NotSignedIn, RpcError, Unreachable
from fleet_platform.client.subscription import Subscription
from fleet_platform.client.transport import Transport, decode_frame, open_session, pauses
from plugin_sdk import JSON

WAIT_S = 75.0
"""How long a call waits for its reply: longer than the platform's own longest deadline."""

GRACE_S = 5.0
"""How much longer than a deadline it asked for a call waits for the platform to say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One member of a batch."""

    method: str
    params: Mapping[str, JSON] | None = None
    dst: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of several.

    Attributes:
        src: The device that answered.
        result: What it answered, if it was no error.
        error: Or the error.
    """

    src: str | None
    result: JSON = None
    error: RpcError | None = None


class Client:
    """A signed-in connection: ``async with Client(url, credentials) as client: await client.call("Device.List")``.

    Args:
        url: Base address: ``http://127.0.0.1:7011``.
        renewed: Called with the new token whenever an expired one was renewed.

    Raises:
        NotSignedIn: On entering: the credentials are not accepted.
        Unreachable: On entering: there is no platform at that address.
    """

    def __init__(
        self, url: str, credentials: Credentials | None = None, *, renewed: Callable[[Token], None] | None = None
    ) -> None:
        self._url = url
        self._credentials = credentials
        self._renewed = renewed
        self._ids = itertools.count(1)
        self._pending: dict[JSON, asyncio.Future[JSON]] = {}

    async def __aenter__(self) -> Self:
        self._session = open_session()
        self._transport = Transport(self._session, self._url, self._credentials, renewed=self._renewed)
        try:
            socket = await self._transport.open_socket()
        except BaseException:
            await self._session.close()
            raise
        self._connected = _done(socket)
        self._reader = asyncio.create_task(self._run(socket), name="client reader")
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        self._fail_pending()
        if self._connected.done() and self._connected.exception() is None:
            await self._connected.result().close()
        await self._session.close()

    async def call(
        self,
        method: str,
        params: Mapping[str, JSON] | None = None,
        *,
        dst: str | None = None,
        timeout_s: float | None = None,
    ) -> JSON:
        """Call a method and return its result.

        Args:
            dst: A device's id or MAC; None for the platform itself.
            timeout_s: Deadline for the device, instead of the platform's own.

        Raises:
            RpcError: The answer is an error.
            ConnectionLost: The connection ended before the answer.
            TimeoutError: There was none.
        """
        request_id = next(self._ids)
        request = _request(Request(method=method, params=params, dst=dst), request_id, timeout_s)
        (result,) = await self._exchange(request, [request_id], WAIT_S if timeout_s is None else timeout_s + GRACE_S)
        if isinstance(result, RpcError):
            raise result
        return result

    async def batch(self, requests: Sequence[Request], *, wait_s: float = WAIT_S) -> list[JSON | RpcError]:
        """Send several requests in one frame; returns result or error of each, in their order."""
        ids = [next(self._ids) for _ in requests]
        frame = [_request(request, request_id) for request, request_id in zip(requests, ids, strict=True)]
        return await self._exchange(frame, ids, wait_s) if frame else []

    async def call_each(
        self, method: str, params: Mapping[str, JSON] | None, dst: Sequence[str], *, timeout_s: float | None = None
    ) -> list[Reply]:
        """Call a method of several devices or ``group:<id>``; returns an answer for each, in their order.

        Goes over HTTP, whose answer says where it ends, however many devices a group has.
        """
        request = _request(Request(method=method, params=params), 1, timeout_s) | {"dst": list(dst)}
        async with asyncio.timeout(WAIT_S if timeout_s is None else timeout_s + GRACE_S):
            answers = await self._transport.post(request)
        if isinstance(answers, dict):
            raise RpcError.decode(answers.get("error"))
        return [
            Reply(
                src=answer.get("src"),
                result=answer.get("result"),
                error=RpcError.decode(answer["error"]) if "error" in answer else None,
            )
            for answer in answers
        ]

    async def notify(self, method: str, params: Mapping[str, JSON] | None = None, *, dst: str | None = None) -> None:
        """Send a request that wants no answer."""
        await self._exchange(_request(Request(method=method, params=params, dst=dst), None), [], WAIT_S)

    def subscribe(self, events: Sequence[str], **options: JSON) -> Subscription:
        """Events by name (``Shelly.*`` for all that start so), on a connection of their own.

        Args:
            options: ``shellyIDs``, ``events`` (allow and deny rules), ``status="changed"``, ``snapshot=True``.
        """
        return Subscription(self._transport, events, options)

    async def _exchange(self, frame: Any, ids: Sequence[int], wait_s: float) -> list[JSON | RpcError]:
        futures = {request_id: asyncio.get_running_loop().create_future() for request_id in ids}
        try:
            async with asyncio.timeout(wait_s):
                socket = await asyncio.shield(self._connected)
                self._pending.update(futures)
                await socket.send_str(orjson.dumps(frame).decode())
                return list(await asyncio.gather(*futures.values()))
        except aiohttp.ClientError as error:
            raise ConnectionLost("the connection ended before the request was sent") from error
        finally:
            for request_id in ids:
                self._pending.pop(request_id, None)

    async def _run(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Read replies for as long as the client lives, reconnecting in between."""
        while True:
            await self._read(socket)
            await socket.close()
            self._connected = asyncio.get_running_loop().create_future()
            self._fail_pending()
            try:
                socket = await self._reconnect()
            except NotSignedIn as error:
                self._connected.set_exception(error)
                return
            self._connected.set_result(socket)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while (reply := decode_frame(await socket.receive())) is not None:
            future = self._pending.get(reply.get("id"))
            if future is not None and not future.done():
                future.set_result(RpcError.decode(reply["error"]) if "error" in reply else reply.get("result"))

    async def _reconnect(self) -> aiohttp.ClientWebSocketResponse:
        pause_s = pauses()
        while True:
            await asyncio.sleep(next(pause_s))
            try:
                return await self._transport.open_socket()
            except NotSignedIn:
                raise
            except Unreachable:
                continue

    def _fail_pending(self) -> None:
        for future in self._pending.values():
            if not future.done():
                future.set_exception(ConnectionLost("the connection ended before the answer came"))


def _request(request: Request, request_id: int | None, timeout_s: float | None = None) -> dict[str, Any]:
    members = {
        "jsonrpc": "2.0",
        "id": request_id,
        "method": request.method,
        "params": request.params,
        "dst": request.dst,
        "timeout_s": timeout_s,
    }
    return {name: value for name, value in members.items() if value is not None}


def _done(socket: aiohttp.ClientWebSocketResponse) -> asyncio.Future[aiohttp.ClientWebSocketResponse]:
    future: asyncio.Future[aiohttp.ClientWebSocketResponse] = asyncio.get_running_loop().create_future()
    future.set_result(socket)
    return future
