from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Ran, Running

RunProgram = Callable[..., "Ran"]


def test_the_result_is_printed_as_json(run: RunProgram, signed_in: Running) -> None:
    ran = run("rpc", "Device.GetStatus")
    assert ran.code == 0
    result = json.loads(ran.out)
    assert signed_in.device.id in result["devices"]
    assert result["devices_size"] == len(result["devices"])


def test_a_device_is_called_and_does_it(run: RunProgram, signed_in: Running) -> None:
    device = signed_in.device.id
    was_on = json.loads(run("rpc", "Switch.Set", '{"id": 0, "on": true}', "--dst", device).out)["was_on"]
    assert was_on in (True, False)
    assert json.loads(run("rpc", "switch.getstatus", '{"id": 0}', "--dst", device.upper()).out)["output"] is True


def test_several_devices_answer_each_for_itself(run: RunProgram, signed_in: Running) -> None:
    device = signed_in.device.id
    ran = run("rpc", "Shelly.GetDeviceInfo", "--dst", device, "--dst", "shellyplus1-unknown")
    known, unknown = json.loads(ran.out)
    assert ran.code == 1
    assert (known["src"], known["result"]["id"]) == (device, device)
    assert unknown["error"]["code"] == -32600


def test_an_error_is_told_with_its_facts(run: RunProgram, signed_in: Running) -> None:
    ran = run("rpc", "Device.Lisst")
    assert ran.code == 1
    assert ran.err.startswith("Error: Method not found (-32601)\n")
    assert "did you mean: Device.List" in ran.err


def test_each_wrong_parameter_is_named(run: RunProgram, signed_in: Running) -> None:
    ran = run("rpc", "Device.List", '{"limit": 0, "nonsense": 1}')
    assert ran.code == 1
    assert "\n  limit: " in ran.err
    assert "\n  nonsense: " in ran.err


def test_an_error_of_the_device_is_told_as_the_device_said_it(run: RunProgram, signed_in: Running) -> None:
    ran = run("rpc", "Switch.Toggle", '{"id": 7}', "--dst", signed_in.device.id)
    assert ran.code == 1
    assert "(-105)" in ran.err
