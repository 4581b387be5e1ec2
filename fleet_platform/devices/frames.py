"""Shelly frames: what a device may say first, and what a frame is.

Pure. A frame is classified by its ``method``, never by a missing ``id``: Wall Displays number their notifications.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fleet_platform.rpc.envelope import PLATFORM
from fleet_platform.text import JSONDecodeError, decode, encode
from plugin_sdk import JSON, DeviceId, JSONObject

CLOSE_NOT_JSON = 4001
CLOSE_NOT_A_FRAME = 4002
CLOSE_NO_ID = 4003
CLOSE_REPLACED = 4009
CLOSE_WRONG_ID = 4010
CLOSE_POLICY = 1008
CLOSE_TOO_BIG = 1009
CLOSE_TRY_LATER = 1013

MAX_ID_LENGTH = 64
MAX_HELLO = 64 * 1024
"""Bytes of status that are kept of a device nobody knows; the largest real one has about 3,000."""

DENY_FRAMES = (
    encode({"id": 998, "method": "WS.SetConfig", "params": {"config": {"server": "#", "enable": False}}}),
    encode({"id": 999, "method": "Shelly.Reboot"}),
)
"""Sent to a device that an operator rejected, and to no other: they switch its outbound websocket off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The first frame that tells who a device is.

    Attributes:
        device: Its id, as it spells it.
        status: Component key to status, without ``ts``.
        complete: False for a Wall Display, whose first report is partial, and for a report of nothing.
    """

    device: DeviceId
    status: JSONObject
    complete: bool


class BadHelloError(Exception):
    """A first frame that ends the connection.

    Attributes:
        close_code: Websocket close code, the predecessor's.
    """

    def __init__(self, close_code: int, reason: str) -> None:
        super().__init__(reason)
        self.close_code = close_code
        self.reason = reason


def decode_hello(text: str | bytes) -> Hello | None:
    """Read a frame of a device that did not introduce itself yet.

    Returns:
        None for a notification that tells nothing about status and is waited through.

    Raises:
        BadHelloError: The connection has to end.
    """
    if len(text) > MAX_HELLO:
        raise BadHelloError(CLOSE_TOO_BIG, "too long for a first report")
    try:
        frame = decode(text)
    except JSONDecodeError as error:
        raise BadHelloError(CLOSE_NOT_JSON, "not JSON") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("method"), str):
        raise BadHelloError(CLOSE_NOT_A_FRAME, "not a notification")
    src = frame.get("src")
    if not isinstance(src, str):
        raise BadHelloError(CLOSE_NOT_A_FRAME, "no src")
    if not is_device_id(src):
        raise BadHelloError(CLOSE_NO_ID, "src is no device id")
    if frame["method"] not in ("NotifyFullStatus", "NotifyStatus"):
        return None
    status = components_of(frame.get("params"))
    return Hello(device=DeviceId(src), status=status, complete=bool(status) and frame["method"] == "NotifyFullStatus")


def is_device_id(text: str) -> bool:
    """Whether a text can be a device's id: printable ASCII without spaces, at most 64 characters."""
    return 0 < len(text) <= MAX_ID_LENGTH and text.isascii() and text.isprintable() and " " not in text


def components_of(params: JSON) -> JSONObject:
    """The components in a status report: ``ts`` is left out, and so is whatever is no object."""
    if not isinstance(params, dict):
        return {}
    return {key: value for key, value in params.items() if isinstance(value, dict)}


def mac_of(device: str) -> str | None:
    """The MAC at the end of a device id, twelve upper-case hexadecimal digits, or None.

    Source: Shelly Gen2+ API, "Device Id": ``<model>-<mac>``.
    """
    tail = device.rpartition("-")[2].upper()
    return tail if len(tail) == 12 and all(digit in "0123456789ABCDEF" for digit in tail) else None


def encode_command(number: int, method: str, params: JSON) -> bytes:
    """A request to a device; without ``params`` when there are none, as devices expect."""
    frame = {"jsonrpc": "2.0", "id": number, "src": PLATFORM, "method": method}
    if params is not None:
        frame["params"] = params
    return encode(frame)


def encode_refusal(frame: Mapping[str, JSON]) -> bytes:
    """Answer to a device that calls a method of ours; we have none for devices.

    Source: aioshelly answers so.
    """
    return encode({"id": frame.get("id"), "src": PLATFORM, "error": {"code": 500, "message": "Not Implemented"}})
