"""The JSON-RPC envelope: requests from decoded JSON, replies to JSON text.

Pure. A request names its destinations but does not know whether they exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fleet_platform.text import encode
from plugin_sdk import JSON, Pieces
from plugin_sdk.errors import FleetError, InvalidRequest

PLATFORM = "FLEET_MANAGER"
"""How clients address the platform, and how it calls itself; compared without case."""

MAX_DESTINATIONS = 10_000
MAX_TIMEOUT_S = 600.0


@dataclass(slots=True)  # not frozen: that costs 2 µs a request
class Request:
    """One request.

    Attributes:
        id: String, number or null, as it came.
        expects_reply: False for a notification, which has no ``id``.
        method: As it came; the platform's own methods are matched without case.
        params: Object, or None if there were none. Relayed verbatim.
        src: What the caller calls itself, echoed as ``dst`` of the reply.
        dst: Destinations in order, each once, or None for the platform alone.
        many: ``dst`` was a list, so that HTTP answers with an array even for one member.
        timeout_s: Deadline the caller asks for, or None.
    """

    id: str | float | None
    expects_reply: bool
    method: str
    params: Any
    src: str | None
    dst: tuple[str, ...] | None
    many: bool
    timeout_s: float | None


class BadEnvelope(InvalidRequest):
    """Not a request; ``request_id`` is the id to answer with, as far as it could be read."""

    def __init__(self, detail: str, request_id: str | float | None = None) -> None:
        super().__init__(detail)
        self.request_id = request_id


def decode_request(value: JSON) -> Request:
    """Read one request.

    Raises:
        BadEnvelope: It is none; the error says what is wrong.
    """
    if not isinstance(value, dict):
        raise BadEnvelope("a request is an object")
    request_id = value.get("id")
    if request_id is not None and (isinstance(request_id, bool) or not isinstance(request_id, str | int | float)):
        raise BadEnvelope("id must be a string, a number or null")
    method = value.get("method")
    if not isinstance(method, str) or not method:
        raise BadEnvelope("method must be a non-empty string", request_id)
    if value.get("jsonrpc", "2.0") != "2.0":
        raise BadEnvelope('jsonrpc must be "2.0"', request_id)
    src = value.get("src")
    if src is not None and not isinstance(src, str):
        raise BadEnvelope("src must be a string", request_id)
    params = value.get("params")
    if params is not None and not isinstance(params, dict | list):
        raise BadEnvelope("params must be an object", request_id)
    dst, many = _destinations(value.get("dst"), request_id)
    timeout_s = _timeout(value.get("timeout_s"), request_id)
    return Request(request_id, "id" in value, method, params, src, dst, many, timeout_s)


def _destinations(dst: JSON, request_id: str | float | None) -> tuple[tuple[str, ...] | None, bool]:
    if dst is None:
        return None, False
    if isinstance(dst, str):
        return (None if dst.upper() == PLATFORM else (dst,)), False
    if not isinstance(dst, list) or not all(isinstance(member, str) for member in dst):
        raise BadEnvelope("dst must be a string or a list of strings", request_id)
    if len(dst) > MAX_DESTINATIONS:
        raise BadEnvelope(f"dst may have at most {MAX_DESTINATIONS} members", request_id)
    return tuple(dict.fromkeys(dst)), True


def _timeout(timeout_s: JSON, request_id: str | float | None) -> float | None:
    if timeout_s is None:
        return None
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, int | float) or not 0 < timeout_s <= MAX_TIMEOUT_S:
        raise BadEnvelope(f"timeout_s must be a number of seconds up to {MAX_TIMEOUT_S:.0f}", request_id)
    return float(timeout_s)


def encode_result(request: Request, result: Any, *, src: str = PLATFORM) -> bytes:
    """A reply: ``{jsonrpc, id, src, dst?, result}``; a missing result is null.

    Raises:
        TypeError: The result has no JSON form.
    """
    reply = {"jsonrpc": "2.0", "id": request.id, "src": src, "result": result}
    if request.src is not None:
        reply["dst"] = request.src
    return encode(reply)


def encode_long(request: Request, result: Pieces, *, src: str = PLATFORM) -> list[bytes]:
    """A reply like that of :func:`encode_result`, in pieces."""
    reply = {"jsonrpc": "2.0", "id": request.id, "src": src, **({} if request.src is None else {"dst": request.src})}
    return [encode(reply)[:-1] + b',"result":', *result.parts, b"}"]


def encode_error(
    request_id: str | float | None, error: FleetError, *, src: str = PLATFORM, dst: str | None = None
) -> bytes:
    """An error reply: ``{jsonrpc, id, src, dst?, error: {code, message, data?}}``.

    Data without a JSON form is left out.
    """
    reply = {"jsonrpc": "2.0", "id": request_id, "src": src, "error": error.to_json()}
    if dst is not None:
        reply["dst"] = dst
    try:
        return encode(reply)
    except TypeError:
        # A plugin's error may hold anything, and the request is to be answered all the same.
        return encode({**reply, "error": {"code": error.code, "message": error.message}})
