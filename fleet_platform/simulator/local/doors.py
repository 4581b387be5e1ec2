"""What devices serve over HTTP: ``/shelly``, ``/rpc`` and ``/rpc/<Method>``, in the forms that firmware has.

A method in the path gets its bare result, or an error object with HTTP status 403, 404 or 500; a frame gets a frame
with status 200, whatever is in it. Bodies end in a line break. Connections are kept for clients that ask for it by
name. What a device says when too many calls come at once, and that a body beside a frame is no error, is not
documented.

Source: Shelly Gen2+ API, "RPC channels"; Mongoose OS ``mg_rpc_channel_http.c``, which firmware before 2.0 is built on;
the header ``Server`` from an answer of ``HTTP.GET`` that was published.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from aiohttp import web
from multidict import CIMultiDict

from fleet_platform.simulator.device import rpc
from fleet_platform.simulator.local.conversation import Conversation
from fleet_platform.simulator.local.digest import Credentials, read_auth, read_header
from fleet_platform.simulator.local.gate import Refusal
from fleet_platform.simulator.local.host import Host
from plugin_sdk import JSON, JSONObject

PATIENCE_S = 60.0
"""How long a call may take before its connection is ended."""

_SOURCE = "HTTP_in"
_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
_JSON = "application/json"
_INFO = rpc.Request(id=1, src=None, method="Shelly.GetDeviceInfo", params={})


async def serve(host: Host | None, request: web.BaseRequest) -> web.StreamResponse:
    """Serve a request that has come to a device; None if it went down meanwhile."""
    if host is None:
        return _cut(request)
    path, _, method = request.path.lstrip("/").partition("/")
    if request.path == "/shelly" and request.method == "GET":
        return await _call(host, request, _INFO)
    if path != "rpc":
        return _text(request, 404, "Not Found")
    return await _rpc(host, request, method)


async def _rpc(host: Host, request: web.BaseRequest, method: str) -> web.StreamResponse:
    if request.method == "OPTIONS":
        return _answer(request, 200, b"")
    if method:
        body = await request.read()
        params = _object(body) if body else _query(request)
        return await _call(host, request, rpc.Request(id=1, src=None, method=method, params=params))
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return await _talk(host, request)
    return await _frame(host, request, await request.read())


async def _call(host: Host, request: web.BaseRequest, call: rpc.Request) -> web.StreamResponse:
    """A method in the path: the bare result, or the error alone."""
    refusal = host.admit(call.method, _credentials(request))
    if refusal is not None:
        return _refused(request, refusal)
    if host.busy:
        return _busy(request)
    reply = await host.ask(call, _SOURCE, PATIENCE_S)
    if reply is None:
        return _cut(request)
    frame: JSONObject = orjson.loads(reply)
    error = frame.get("error")
    if error is None:
        return _answer(request, 200, orjson.dumps(frame["result"]))
    return _answer(request, error["code"] if error["code"] in (403, 404) else 500, orjson.dumps(error))


async def _frame(host: Host, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
    """A whole frame as body: a whole frame as answer."""
    call = rpc.read_request(body)
    if call is None:
        host.device.world.stats.unreadable += 1
        return _text(request, 400, "Invalid request")
    refusal = host.admit(call.method, read_auth(orjson.loads(body).get("auth")) or _credentials(request))
    if refusal is not None:
        return _refused(request, refusal)
    if host.busy:
        return _busy(request)
    if call.id is None:
        host.serve(call, lambda _text: None, _SOURCE)
        return _answer(request, 200, b"")
    reply = await host.ask(call, _SOURCE, PATIENCE_S)
    return _cut(request) if reply is None else _answer(request, 200, reply)


async def _talk(host: Host, request: web.BaseRequest) -> web.StreamResponse:
    """A websocket."""
    if host.crowded:
        return _busy(request)
    conversation = Conversation(host)
    host.join(conversation)
    try:
        return await conversation.hold(request)
    except web.HTTPException:
        return _text(request, 400, "Invalid request")
    finally:
        host.leave(conversation)


def _credentials(request: web.BaseRequest) -> Credentials | None:
    return read_header(request.headers.get("Authorization"), request.method, request.raw_path)


def _object(body: bytes) -> JSONObject:
    """The parameters in a body; none in one that is no object, as firmware finds none there either."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _query(request: web.BaseRequest) -> JSONObject:
    return {name: _value(text) for name, text in request.query.items()}


def _value(text: str) -> JSON:
    """``true`` and ``3`` are what they look like in JSON; what is no JSON is text."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _refused(request: web.BaseRequest, refusal: Refusal) -> web.Response:
    if refusal.code == 401:
        response = _answer(request, 401, b"", {"WWW-Authenticate": refusal.header})
        response.force_close()
        return response
    return _answer(request, refusal.code, orjson.dumps(refusal.error))


def _busy(request: web.BaseRequest) -> web.Response:
    return _answer(request, 503, orjson.dumps({"code": -108, "message": "Resource exhausted"}))


def _cut(request: web.BaseRequest) -> web.Response:
    """The device went down, or does not answer: end the connection; the response is never seen."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)


def _answer(request: web.BaseRequest, status: int, body: bytes, more: Mapping[str, str] | None = None) -> web.Response:
    text = body + b"\r\n" if body else b""
    return _closing(request, web.Response(status=status, body=text, content_type=_JSON, headers=_headers(more)))


def _text(request: web.BaseRequest, status: int, text: str) -> web.Response:
    return _closing(request, web.Response(status=status, text=text, headers=_headers()))


def _headers(more: Mapping[str, str] | None = None) -> CIMultiDict[str]:
    return CIMultiDict({"Server": "ShellyHTTP/1.0.0", **_CORS, **(more or {})})


def _closing(request: web.BaseRequest, response: web.Response) -> web.Response:
    """Keep the connection only for a client that asked for it by name."""
    if request.headers.get("Connection", "").lower() == "keep-alive":
        response.headers["Connection"] = "keep-alive"
    else:
        response.force_close()
    return response
