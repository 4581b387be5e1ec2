"""What HTTP says of each error: its status, and when to try again."""

from __future__ import annotations

from plugin_sdk import errors

_STATUS: tuple[tuple[type[errors.FleetError], int], ...] = (
    (errors.UnknownDevice, 404),
    (errors.MethodNotFound, 404),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.DeviceOffline, 409),
    (errors.DeviceBusy, 429),
    (errors.RateLimited, 429),
    (errors.InternalError, 500),
    (errors.Unavailable, 503),
    (errors.CallTimeout, 504),
    (errors.DeviceError, 400),
)


def retry_after(error: errors.FleetError) -> dict[str, str]:
    """The header that tells when to try again, for an error that knows it."""
    return {"Retry-After": str(int(error.data["retry_after_s"]) + 1)} if isinstance(error, errors.RateLimited) else {}


def http_status(error: errors.FleetError) -> int:
    """400 for whatever the caller did wrong and no better status tells, 500 for what is a bug."""
    if isinstance(error, errors.PermissionDenied):
        return 401 if error.data.get("reason") == "not_signed_in" else 403
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), None)
    if status is None:
        status = 500 if error.code == errors.FleetError.code else 400
    return status
