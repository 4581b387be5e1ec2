"""Calls to devices: who may, for how long, and what is said of one that is not there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from plugin_sdk import Principal
from plugin_sdk.errors import (
    CallTimeout,
    DeviceBusy,
    DeviceError,
    DeviceOffline,
    FleetError,
    PermissionDenied,
    UnknownDevice,
)

if TYPE_CHECKING:
    from tests.rpc.conftest import Shelly, World


async def fails(world: World, kind: type[FleetError], device: str, principal: Principal, **more: Any) -> Any:
    with pytest.raises(kind) as caught:
        await world.relay.call(device, "Switch.Set", {"id": 0}, principal=principal, **more)
    return caught.value


async def test_a_call_reaches_the_device_as_it_was_written_and_its_result_comes_back(
    world: World, shelly: Shelly, admin: Principal
) -> None:
    for name in (shelly.twin.id, shelly.twin.id.upper(), "A8032ABB995C"):
        assert await world.relay.call(name, "Switch.Set", {"id": 0, "on": None}, principal=admin) == {
            "method": "Switch.Set",
            "params": {"id": 0, "on": None},
        }
    assert world.relay.calls == {"ok": 3}


@pytest.mark.parametrize("result", [None, False, 0, []])
async def test_falsy_results_are_results(world: World, shelly: Shelly, admin: Principal, result: Any) -> None:
    shelly.answers["Cover.Close"] = {"result": result}
    assert await world.relay.call(shelly.twin.id, "Cover.Close", principal=admin) is result or result == []


async def test_an_unknown_device_is_told_as_such(world: World, admin: Principal) -> None:
    error = await fails(world, UnknownDevice, "shellyx-nobody", admin)
    assert error.to_json() == {
        "code": -32600,
        "message": "No such device",
        "data": {"reason": "unknown_device", "device": "shellyx-nobody"},
    }


async def test_permission_is_asked_for_the_method_on_that_device(
    world: World, shelly: Shelly, guest: Principal
) -> None:
    other = world.shelly("shellyx-000000000001")
    world.denied.add(("guest", "switch.set", shelly.twin.id))
    error = await fails(world, PermissionDenied, shelly.twin.id, guest)
    assert (error.code, error.data) == (-32003, {"permission": "switch.set", "device": shelly.twin.id})
    assert shelly.got == []
    await world.relay.call(other.twin.id, "SWITCH.SET", None, principal=guest)
    await world.relay.call(shelly.twin.id, "Switch.Get", None, principal=guest)


async def test_who_may_not_know_of_a_device_learns_nothing_of_it(
    world: World, shelly: Shelly, guest: Principal
) -> None:
    world.denied |= {("guest", "switch.set"), ("guest", "device.get", shelly.twin.id)}
    known = await fails(world, UnknownDevice, shelly.twin.id.upper(), guest)
    unknown = await fails(world, UnknownDevice, "SHELLYX-000000000000", guest)
    assert known.to_json()["data"] == {"reason": "unknown_device", "device": shelly.twin.id.upper()}
    assert known.to_json().keys() == unknown.to_json().keys()


async def test_a_device_that_is_offline_or_asleep_says_so(world: World, shelly: Shelly, admin: Principal) -> None:
    twin = shelly.twin
    twin.link = None
    assert (await fails(world, DeviceOffline, twin.id, admin)).to_json() == {
        "code": -32900,
        "message": "Device offline",
        "data": {"reason": "offline"},
    }
    twin.asleep, twin.status, twin.last_report_ms = True, {"sys": {"wakeup_period": 600}}, 1_000_000
    error = await fails(world, DeviceOffline, twin.id, admin)
    assert error.data == {"reason": "asleep", "wake_expected_ts": 1_600.0}


async def test_the_devices_own_error_is_unchanged(world: World, shelly: Shelly, admin: Principal) -> None:
    shelly.answers["Switch.Set"] = {"error": {"code": -105, "message": "Bad id=7"}}
    error = await fails(world, DeviceError, shelly.twin.id, admin)
    assert error.to_json() == {"code": -105, "message": "Bad id=7"}


async def test_a_device_that_does_not_answer_is_given_up(world: World, shelly: Shelly, admin: Principal) -> None:
    shelly.holds = True
    error = await fails(world, CallTimeout, shelly.twin.id, admin, timeout_s=0.01)
    assert (error.code, error.data) == (-32800, {"timeout_s": 0.01})


async def test_a_full_queue_is_busy(world: World, shelly: Shelly, admin: Principal) -> None:
    shelly.connect(in_flight=1, waiting=1)
    shelly.holds = True
    calls = [
        asyncio.ensure_future(world.relay.call(shelly.twin.id, "A.B", principal=admin, timeout_s=60)) for _ in range(2)
    ]
    await asyncio.sleep(0)
    error = await fails(world, DeviceBusy, shelly.twin.id, admin)
    assert (error.code, error.data) == (-32011, {"waiting": 1})
    shelly.release()
    await asyncio.gather(*calls)
    assert world.relay.calls == {"ok": 2, "-32011": 1}


async def test_slow_methods_have_more_time_and_the_callers_wish_wins(world: World) -> None:
    assert world.relay.timeout_of("Switch.Set") == (5, False)
    assert world.relay.timeout_of("BLUTRV.call") == (60, True)
    world.types = {}
    assert world.relay.timeout_of("BluTrv.Call") == (5, False), "tables may be replaced"


async def test_a_caller_that_gives_up_is_no_fault(world: World, shelly: Shelly, admin: Principal) -> None:
    shelly.holds = True
    call = asyncio.ensure_future(world.relay.call(shelly.twin.id, "A.B", principal=admin))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait([call])
    shelly.release()
    assert await world.relay.call(shelly.twin.id, "A.B", principal=admin)
