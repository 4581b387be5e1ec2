"""``HTTP.*``: web requests for whoever asks the device for them; answered when there is an answer.

Source: Shelly Gen2+ API, "HTTP": shapes, the codes -103, -104, -108 and -114, the inner codes in the texts, 16 KiB of
body. How many headers are too many, and the default time-out, are not documented.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fleet_platform.simulator.outbound.trust import USER_CA, trusted
from fleet_platform.simulator.outbound.web import Problem, WebAnswer, WebRequest
from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import choice, invalid, mapping, number, required, text
from plugin_sdk.simulation import Deferred, DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_METHODS = ("GET", "POST", "PUT", "HEAD", "DELETE")
_FORBIDDEN = ("user-agent", "content-length")
_MAX_HEADERS = 16
_TIMEOUT_S = 10.0
_LONGEST_S = 60.0
_SSL_CA = ("", "*", "ca.pem", USER_CA)

_PROBLEMS: Mapping[Problem, tuple[int, str]] = {
    "timeout": (-104, "http request timed out"),
    "too_big": (-108, "-14: Response too big"),
    "busy": (-108, "Resource exhausted"),
    "unresolved": (-114, "-10: Name not resolved"),
    "unreachable": (-114, "-11: Sending data to remote peer failed"),
    "closed": (-114, "-16: Connection closed prematurely"),
    "bad_url": (-103, "Invalid argument 'url'!"),
}


def offered(_device: Machine) -> bool:
    """Every device has these; both real method lists at hand do."""
    return True


def get(device: Machine, params: JSONObject) -> Deferred:
    """``HTTP.GET``."""
    return _send(device, params, "GET", None, {})


def post(device: Machine, params: JSONObject) -> Deferred:
    """``HTTP.POST``; one of ``body`` and ``body_b64`` is needed."""
    body = _body(params)
    if body is None:
        raise DeviceFault(-103, "Missing required 'body'")
    return _send(device, params, "POST", body, {"Content-Type": text(params, "content_type") or "application/json"})


def request(device: Machine, params: JSONObject) -> Deferred:
    """``HTTP.Request``: any method, with headers."""
    required(params, "method")
    headers = mapping(params, "headers") or {}
    if any(not isinstance(value, str) or name.lower() in _FORBIDDEN for name, value in headers.items()):
        raise invalid("headers")
    if len(headers) > _MAX_HEADERS:
        raise DeviceFault(-108, "Resource exhausted")
    return _send(device, params, choice(params, "method", _METHODS) or "", _body(params), headers)


def _send(device: Machine, params: JSONObject, method: str, body: bytes | None, headers: Mapping[str, str]) -> Deferred:
    required(params, "url")
    ssl_ca = None if params.get("ssl_ca") is None else choice(params, "ssl_ca", _SSL_CA)
    asked = WebRequest(
        method=method,
        url=text(params, "url") or "",
        headers=headers,
        body=body,
        timeout_s=number(params, "timeout", 0.001, _LONGEST_S) or _TIMEOUT_S,
        ssl_ca=trusted(device.storage("files"), ssl_ca),
    )
    deferred = Deferred()

    def settle(outcome: WebAnswer | Problem) -> None:
        if isinstance(outcome, WebAnswer):
            deferred.answer(_shown(outcome))
        else:
            deferred.fail(DeviceFault(*_PROBLEMS[outcome]))

    device.world.web.send(device.id, asked, settle)
    return deferred


def _body(params: JSONObject) -> bytes | None:
    if "body" in params:
        return (text(params, "body") or "").encode()
    encoded = text(params, "body_b64")
    if encoded is None:
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as err:
        raise invalid("body_b64") from err


def _shown(answer: WebAnswer) -> JSONObject:
    """A body that is no text goes as base64, and so does one with control characters."""
    shown: JSONObject = {"code": answer.code, "message": answer.reason, "headers": dict(answer.headers)}
    try:
        body = answer.body.decode()
    except UnicodeDecodeError:
        body = "\0"
    if "\0" in body:
        return {**shown, "body_b64": base64.b64encode(answer.body).decode()}
    return {**shown, "body": body}


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON | Deferred]] = {
    "HTTP.GET": get,
    "HTTP.POST": post,
    "HTTP.Request": request,
}
