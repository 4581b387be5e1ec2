"""Errors that cross the border between platform, plugins and wire.

Each class has a stable ``code`` (the JSON-RPC error code), a stable English ``message`` and typed fields
that become ``data``; nobody formats exception text for the wire.

::

    FleetError
    ├── for the caller to handle
    │   ├── InvalidRequest        -32600
    │   │   └── UnknownDevice     -32600  data.reason "unknown_device"
    │   ├── MethodNotFound        -32601
    │   ├── InvalidParams         -32602  data.errors
    │   ├── PermissionDenied      -32003  (data.reason "not_signed_in" for nobody)
    │   ├── NotFound              -32004
    │   ├── Conflict              -32009
    │   ├── DeviceBusy            -32011
    │   ├── RateLimited           -32029  data.retry_after_s
    │   ├── Unavailable           -32050  (the database is away, the platform is stopping)
    │   ├── CallTimeout           -32800
    │   ├── DeviceOffline         -32900  data.reason "offline" or "asleep"
    │   └── DeviceError           the device's own code and message, unchanged
    └── a bug, or a plugin that misbehaves
        ├── InternalError         -32603  data.correlation_id
        └── PluginError           never on the wire: refuses a contribution at load time
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class FleetError(Exception):
    """Root of all errors of the platform.

    Attributes:
        code: JSON-RPC error code.
        message: English summary, the same for each error of the class.
        data: What a program needs to act on the error; JSON object, may be empty.
    """

    code: ClassVar[int] = -32603
    message: ClassVar[str] = "Internal error"

    def __init__(self, detail: str | None = None, **data: Any) -> None:
        super().__init__(detail or self.message)
        self.detail = detail
        self.data: dict[str, Any] = {k: v for k, v in data.items() if v is not None}

    def to_json(self) -> dict[str, Any]:
        """The ``error`` member of a reply: ``{code, message, data?}``."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        data = {"detail": self.detail, **self.data} if self.detail else self.data
        if data:
            body["data"] = data
        return body


# ---- for the caller to handle ---------------------------------------------------------------------------


class InvalidRequest(FleetError):
    """The envelope is not a JSON-RPC request."""

    code = -32600
    message = "Invalid request"


class UnknownDevice(InvalidRequest):
    """No device of that id was ever admitted, or the caller may not know of it."""

    message = "No such device"

    def __init__(self, device: str) -> None:
        super().__init__(reason="unknown_device", device=device)


class ParseError(FleetError):
    """The text is not JSON."""

    code = -32700
    message = "Parse error"


class MethodNotFound(FleetError):
    """The platform has no such method; ``data.did_you_mean`` names the nearest one, if any is near."""

    code = -32601
    message = "Method not found"


class InvalidParams(FleetError):
    """Parameters do not fit; ``data.errors`` is a list of ``{path, message}``.

    The first 20 faults are told, each cut to a readable length; ``data.more`` is how many others there are.
    """

    code = -32602
    message = "Invalid params"

    def __init__(self, errors: Sequence[Mapping[str, str]]) -> None:
        told = [{**each, "path": each["path"][:200], "message": each["message"][:500]} for each in errors[:20]]
        super().__init__(errors=told, more=len(errors) - len(told) or None)

    @classmethod
    def at(cls, path: str, message: str) -> InvalidParams:
        """One error at one path, such as ``"options.since.seq"``."""
        return cls([{"path": path, "message": message}])


class PermissionDenied(FleetError):
    """The caller may not do that; ``data.permission`` names what is missing."""

    code = -32003
    message = "Permission denied"


class NotFound(FleetError):
    """What the parameters name does not exist."""

    code = -32004
    message = "Not found"


class Conflict(FleetError):
    """What the parameters name exists already, or changed meanwhile."""

    code = -32009
    message = "Conflict"


class DeviceBusy(FleetError):
    """The device's command queue is full (``data.waiting`` calls wait)."""

    code = -32011
    message = "Device busy"


class RateLimited(FleetError):
    """Too many requests; try again after ``data.retry_after_s`` seconds."""

    code = -32029
    message = "Too many requests"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(retry_after_s=round(retry_after_s, 3))


class Unavailable(FleetError):
    """A part of the platform is away for now (``data.part``); trying again later may work."""

    code = -32050
    message = "Unavailable"


class CallTimeout(FleetError):
    """No answer in time (``data.timeout_s``)."""

    code = -32800
    message = "Time out"


class DeviceOffline(FleetError):
    """The device is not connected: ``data.reason`` is ``"offline"`` or ``"asleep"``.

    For a sleeper ``data.wake_expected_ts`` is when it should next wake (UTC epoch seconds).
    """

    code = -32900
    message = "Device offline"

    def __init__(self, reason: str = "offline", wake_expected_ts: float | None = None) -> None:
        super().__init__(reason=reason, wake_expected_ts=wake_expected_ts)


class DeviceError(FleetError):
    """The device answered with an error of its own, passed on unchanged.

    Source: Shelly Gen2+ API, "Common Errors" (for instance -105 ``Bad id=7``).
    """

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(str(error.get("message", "")))
        self.error = dict(error)

    def to_json(self) -> dict[str, Any]:
        """The device's error object as it came."""
        return self.error


# ---- a bug, or a plugin that misbehaves ------------------------------------------------------------------


class InternalError(FleetError):
    """Something unexpected; the log holds the traceback under ``data.correlation_id``."""

    def __init__(self, correlation_id: str) -> None:
        super().__init__(correlation_id=correlation_id)


class PluginError(FleetError):
    """A contribution cannot be accepted; quarantines the plugin that made it."""
