"""JSON-RPC over HTTP: envelopes at ``POST /rpc``, one method per address at ``/rpc/<Method>``, and ``/auth/…``.

Shares dispatch and relay with the websocket. ``POST /rpc`` answers 200 with an envelope or an array of them;
``/rpc/<Method>`` answers the bare result, or an HTTP error status with an error envelope.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiohttp import web

from fleet_platform.rpc.destinations import Destinations
from fleet_platform.rpc.dispatch import Dispatcher, unexpected
from fleet_platform.rpc.envelope import PLATFORM, BadEnvelope, Request, decode_request, encode_error, encode_result
from fleet_platform.rpc.errors import http_status, retry_after
from fleet_platform.rpc.relay import Relay
from fleet_platform.rpc.session import MAX_BATCH
from fleet_platform.text import Fragment, JSONDecodeError, decode, encode
from fleet_platform.web.identity import BadCredentialError, Identity
from plugin_sdk import JSON, Call, JSONObject, Principal
from plugin_sdk.errors import FleetError, InvalidRequest, ParseError, PermissionDenied, RateLimited, Unavailable

_AT_ONCE = 64
"""Members of one batch that are worked on at a time."""


class HttpRpc:
    """Handlers of the HTTP side."""

    def __init__(
        self,
        *,
        identity: Identity,
        dispatcher: Dispatcher,
        relay: Relay,
        destinations: Destinations,
        tally: Counter[str],
    ) -> None:
        self._identity = identity
        self._dispatcher = dispatcher
        self._relay = relay
        self._destinations = destinations
        self._tally = tally

    def routes(self) -> list[web.RouteDef]:
        """The addresses served."""
        return [
            web.post("/rpc", self.post),
            web.get("/rpc/openrpc.json", self.openrpc, allow_head=False),
            web.get("/rpc/{method}", self.call_by_get, allow_head=False),
            web.post("/rpc/{method}", self.call_by_post),
            web.post("/auth/login", self.login),
            web.post("/auth/info", self.info),
        ]

    async def post(self, request: web.Request) -> web.Response:
        """``POST /rpc``: an envelope, or a batch of them."""
        try:
            principal = await self._principal(request)
            value = decode(await request.read())
        except JSONDecodeError:
            return self._json(encode_error(None, ParseError()))
        except FleetError as error:
            return self._json(encode_error(None, error), error)
        if isinstance(value, dict) and "id" not in value and "jsonrpc" not in value:
            return await self._call_bare(value, principal, request)
        if not isinstance(value, list):
            many = isinstance(value, dict) and self._destinations.is_many(value.get("dst"))
            return self._joined(await self._answers(value, principal, request), many=many)
        if not 0 < len(value) <= MAX_BATCH:
            return self._json(encode_error(None, InvalidRequest(f"a batch has 1 to {MAX_BATCH} requests")))
        places = asyncio.Semaphore(_AT_ONCE)

        async def member(one: JSON) -> list[bytes]:
            async with places:
                return await self._answers(one, principal, request)

        answers = await asyncio.gather(*(member(one) for one in value))
        return self._joined([reply for replies in answers for reply in replies], many=True)

    async def call_by_get(self, request: web.Request) -> web.Response:
        """``GET /rpc/<Method>?name=value``: methods that change nothing; values are taken as the method's types."""
        method = request.match_info["method"]
        return await self._call_one(request, method, lambda _body: dict(request.query), read_only=True)

    async def call_by_post(self, request: web.Request) -> web.Response:
        """``POST /rpc/<Method>`` with the parameters as JSON object; an empty body means none."""
        method = request.match_info["method"]
        return await self._call_one(request, method, lambda body: decode(body) if body else {}, read_only=False)

    async def openrpc(self, request: web.Request) -> web.Response:
        """``GET /rpc/openrpc.json``: what ``rpc.discover`` answers."""
        return await self._call_one(request, "rpc.discover", lambda _body: {}, read_only=True)

    async def login(self, request: web.Request) -> web.Response:
        """``POST /auth/login {username, password}``: ``{isok: true, token}``, or 400 ``{isok: false}``."""
        try:
            body = decode(await request.read())
            params = {"username": body["username"], "password": body["password"]}
            issued = await self._dispatcher.invoke("User.Authenticate", params, call=_call(None, None, request))
        except (RateLimited, Unavailable) as error:
            return self._json(encode({"isok": False}), error)
        except (JSONDecodeError, TypeError, KeyError, FleetError):
            return web.Response(status=400, body=encode({"isok": False}), content_type="application/json")
        return self._json(encode({"isok": True, "token": issued["access_token"]}))

    async def info(self, request: web.Request) -> web.Response:
        """``POST /auth/info``: what the token in ``Authorization`` or ``{token}`` says: ``{isok: true, token: {…}}``.

        400 ``{isok: false}`` if it is not good, 403 if there is none. Not from the address, which proxies log.
        """
        presented = request.headers.get("Authorization", "").split() or _token_in(await request.read())
        if not presented:
            return web.Response(status=403, body=encode({"isok": False}), content_type="application/json")
        try:
            claims = await self._identity.describe(presented[-1])
        except (RateLimited, Unavailable) as error:
            return self._json(encode({"isok": False}), error)
        if claims is None:
            return web.Response(status=400, body=encode({"isok": False}), content_type="application/json")
        return self._json(encode({"isok": True, "token": claims}))

    async def _call_bare(self, value: JSONObject, principal: Principal | None, http: web.Request) -> web.Response:
        """``{method, params}`` as the predecessor's later release takes it: a call, and no notification.

        Answers the bare result, in an envelope where it is null, false, 0 or ""; or the bare error; always with 200.
        A call to devices is answered like one with an ``id``, which tells who answered what.
        """
        try:
            request = decode_request({**value, "id": None})
            if request.dst is not None:
                many = self._destinations.is_many(value["dst"])
                return self._joined(await self._ask(request, principal, http), many=many)
            result = await self._invoke(request, principal, http)
            bare = isinstance(result, list | dict | Fragment) or result
            return self._json(encode(result) if bare else encode_result(request, result, src=PLATFORM))
        except BadEnvelope as error:
            self._tally["client_bad_requests"] += 1
            return self._json(encode(error.to_json()))
        except TypeError as bad_result:
            return self._json(encode(unexpected(bad_result, f"the result of {value.get('method')}").to_json()))
        except FleetError as error:
            return self._json(encode(error.to_json()))

    # ---- one request --------------------------------------------------------------------------------------

    async def _call_one(
        self, request: web.Request, method: str, params: Callable[[bytes], JSON], *, read_only: bool
    ) -> web.Response:
        try:
            principal = await self._principal(request)
            arguments = params(await request.read())
            call = _call(principal, None, request)
            result = await self._dispatcher.invoke(method, arguments, call=call, read_only=read_only)
            return self._json(encode(result))
        except JSONDecodeError:
            error: FleetError = ParseError()
        except TypeError as bad_result:
            error = unexpected(bad_result, f"the result of {method}")
        except FleetError as refused:
            error = refused
        return self._json(encode_error(None, error), error)

    async def _answers(self, value: JSON, principal: Principal | None, http: web.Request) -> list[bytes]:
        """Replies to one member of a batch: one per destination, none to a notification."""
        try:
            request = decode_request(value)
        except BadEnvelope as error:
            self._tally["client_bad_requests"] += 1
            return [encode_error(error.request_id, error)]
        replies = await self._ask(request, principal, http)
        return replies if request.expects_reply else []

    async def _ask(self, request: Request, principal: Principal | None, http: web.Request) -> list[bytes]:
        if request.dst is None:
            return [await self._reply(request, PLATFORM, self._invoke(request, principal, http))]
        try:
            if principal is None:
                raise PermissionDenied(reason="not_signed_in")
            devices = self._destinations.expand(request.dst, principal)
        except FleetError as error:
            return [encode_error(request.id, error, dst=request.src)]
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(device: str) -> bytes:
            async with places:
                if device.upper() == PLATFORM:
                    return await self._reply(request, PLATFORM, self._invoke(request, principal, http))
                call = self._relay.call(
                    device, request.method, request.params, principal=principal, timeout_s=request.timeout_s
                )
                return await self._reply(request, device, call)

        return await asyncio.gather(*map(one, devices))

    async def _invoke(self, request: Request, principal: Principal | None, http: web.Request) -> Any:
        call = _call(principal, request.src, http)
        return await self._dispatcher.invoke(request.method, request.params, call=call)

    async def _reply(self, request: Request, src: str, answer: Any) -> bytes:
        try:
            return encode_result(request, await answer, src=src)
        except TypeError as bad_result:
            error: FleetError = unexpected(bad_result, f"the result of {request.method}")
        except FleetError as refused:
            error = refused
        return encode_error(request.id, error, src=src, dst=request.src)

    # ---- helpers of HTTP ----------------------------------------------------------------------------------

    async def _principal(self, request: web.Request) -> Principal | None:
        try:
            return await self._identity.of(request)
        except BadCredentialError as error:
            self._tally["clients_refused"] += 1
            raise PermissionDenied("the credential is not valid", reason="not_signed_in") from error

    def _joined(self, replies: list[bytes], *, many: bool) -> web.Response:
        if many:
            return self._json(b"[" + b",".join(replies) + b"]")
        return self._json(replies[0]) if replies else web.Response(status=204)

    def _json(self, body: bytes, error: FleetError | None = None) -> web.Response:
        headers = {} if error is None else retry_after(error)
        status = 200 if error is None else http_status(error)
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def _token_in(body: bytes) -> list[str]:
    """The token of a body ``{token}``, if it has one."""
    try:
        value = decode(body)
    except JSONDecodeError:
        return []
    token = value.get("token") if isinstance(value, dict) else None
    return [token] if isinstance(token, str) and token else []


def _call(principal: Principal | None, src: str | None, request: web.Request) -> Call:
    return Call(principal=principal, request_id=secrets.token_hex(6), src=src, remote=request.remote)
