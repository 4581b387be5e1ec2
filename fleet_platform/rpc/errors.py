"""HTTP status of each error, for those who call one method per request."""

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
)


def http_status(error: errors.FleetError) -> int:
    """400 for whatever the caller did wrong and no better status tells."""
    if isinstance(error, errors.PermissionDenied):
        return 401 if error.data.get("reason") == "not_signed_in" else 403
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)
