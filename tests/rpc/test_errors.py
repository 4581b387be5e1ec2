"""HTTP status of errors."""

from __future__ import annotations

import pytest

from fleet_platform.rpc.envelope import BadEnvelope
from fleet_platform.rpc.errors import http_status
from plugin_sdk import errors


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.ParseError(), 400),
        (errors.InvalidRequest(), 400),
        (BadEnvelope("x"), 400),
        (errors.InvalidParams.at("a", "b"), 400),
        (errors.DeviceError({"code": -105, "message": "Bad id"}), 400),
        (errors.PermissionDenied(reason="not_signed_in"), 401),
        (errors.PermissionDenied(permission="a.b"), 403),
        (errors.UnknownDevice("x"), 404),
        (errors.MethodNotFound(), 404),
        (errors.NotFound(), 404),
        (errors.Conflict(), 409),
        (errors.DeviceOffline(), 409),
        (errors.DeviceBusy(), 429),
        (errors.RateLimited(1), 429),
        (errors.InternalError("x"), 500),
        (errors.Unavailable(), 503),
        (errors.CallTimeout(), 504),
    ],
)
def test_each_error_has_its_status(error: errors.FleetError, status: int) -> None:
    assert http_status(error) == status


@pytest.mark.parametrize("bug", [errors.FleetError("x"), errors.PluginError("x")])
def test_what_is_no_fault_of_the_caller_is_a_fault_of_the_server(bug: errors.FleetError) -> None:
    assert http_status(bug) == 500
