"""No parameter, however odd, brings a device down or leaves a request unanswered."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet_platform.simulator import Device, Simulator
from fleet_platform.simulator.device.rpc import Request, answer, read_request

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

ENDS = {"Reboot", "SetProfile", "FactoryReset", "ResetWiFiConfig", "CreateBackup", "RestoreBackup"}
"""Methods after which a device refuses calls for a while."""

LONGEST_S = 120
"""After this time the slowest call is answered: a radiator valve's, behind others."""

ODD: list[Any] = [None, True, -1, 1.5, "text", [None], {"id": {}}]
NAMES = [
    *("on", "brightness", "rgb", "white", "ct", "pos", "rel", "duration", "toggle_after", "transition_duration"),
    *("fade_rate", "config", "value", "key", "match", "offset", "len", "code", "method", "params", "event"),
    *("event_type", "type", "cid", "urls", "timespec", "calls", "ts", "end_ts", "output", "volume", "stage", "name"),
    *("delay_ms", "keys", "include", "dynamic_only", "data", "append", "user", "realm", "ha1", "idx", "addr"),
    *("obj_id", "obj_ids", "add_keys", "id", "url", "component", "attrs", "component_key", "input_id", "inputs"),
    *("timeout", "adv_data", "target_C", "profile_id", "rule_id", "unixtime", "ssid", "filename", "ids", "last"),
    *("restore", "final", "ident", "expr"),
]


def send(device: Device, method: str, params: Any) -> list[bytes]:
    """Call a device; returns where the reply will be, or is."""
    replies: list[bytes] = []
    answer(device, Request(id=1, src="x", method=method, params=params), replies.append, source="WS_in")
    return replies


def read(replies: list[bytes]) -> dict[str, Any]:
    """The one reply."""
    assert len(replies) == 1
    reply: dict[str, Any] = orjson.loads(replies[0])
    assert reply["id"] == 1
    assert ("result" in reply) != ("error" in reply)
    return reply


def call_with_everything(device: Device, method: str, odd: Any) -> list[list[bytes]]:
    """A method with each parameter odd, with all, and with the instance odd."""
    kind = method.split(".", maxsplit=1)[0].lower()
    number = {"id": next((int(key.split(":")[1]) for key in device.keys(kind) if ":" in key), 0)}
    each: list[dict[str, Any]] = [{**number, name: odd} for name in NAMES]
    return [send(device, method, params) for params in (*each, {**number, **dict.fromkeys(NAMES, odd)}, {"id": odd})]


@pytest.mark.parametrize(
    "model", ["Plus2PM", "S2PMG3", "PlusRGBWPM", "BluGwG3", "Pro3EM", "WallDisplay", "S1G3", "FloodSensorG4"]
)
@pytest.mark.parametrize("odd", ODD, ids=repr)
async def test_every_method_answers_any_parameter(
    model: str, odd: Any, sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    device = await sim.add(model, profile="cover" if model == "S2PMG3" else None)
    for kind in ("boolean", "number", "text", "enum", "group", "button") if model == "S1G3" else ():
        device.call("Virtual.Add", {"type": kind})
    if model == "S1G3":
        device.call("Script.Create")
        device.call("LNM.Create", {"config": {"addr": "239.1.2.3:8000"}})
        device.call("BTHome.AddDevice", {"config": {"addr": "aa:bb:cc:dd:ee:ff"}})
        device.state.addon = "sensor"
    methods = device.call("Shelly.ListMethods")["methods"]
    for method in [each for each in methods if each.split(".")[1] not in ENDS]:
        replies = call_with_everything(device, method, odd)
        async with asyncio.timeout(10):
            while not all(replies):
                sim.advance(LONGEST_S)
                await asyncio.sleep(0.005)  # what asks the network, asks the real one
        assert all(read(each) for each in replies), method
    for method in [each for each in methods if each.split(".")[1] in ENDS]:
        for params in (dict.fromkeys(NAMES, odd), {"id": odd}):
            replies = [send(device, method, params)]
            sim.advance(LONGEST_S)
            assert read(replies[0])
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert orjson.loads(orjson.dumps(device.full_status()))


@pytest.mark.parametrize("model", ["Plus2PM", "S2PMG3", "PlusRGBWPM", "ProRGBWWPM", "BluGwG3", "Pro3EM", "WallDisplay"])
@pytest.mark.parametrize("odd", ODD, ids=repr)
async def test_a_device_lives_with_any_settings_it_took(
    model: str, odd: Any, sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    device = await sim.add(model, profile="cover" if model == "S2PMG3" else None)
    for key in [key for key in device.state.all_keys() if key not in ("ws", "sys")]:
        namespace, _, number = key.partition(":")
        for name in list(device.config(key)):
            read(send(device, f"{namespace}.SetConfig", {"id": int(number or 0), "config": {name: odd}}))
    for _ in range(5):
        sim.advance(60)
        device.vary()
    for key in device.keys("input"):
        with suppress(ValueError):
            device.press(key, "single_push" if device.config(key).get("type") == "button" else "on")
    for kind in ("switch", "light", "cct", "cover"):
        for key in device.keys(kind):
            for verb in ("Toggle", "Open", "Close"):
                read(send(device, f"{kind}.{verb}", {"id": device.state.config[key]["id"]}))
    device.power.restart(1)
    sim.advance(60)
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


@given(text=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_are_a_request_or_nothing(text: bytes) -> None:
    request = read_request(text)
    assert request is None or isinstance(request.method, str)


async def test_a_bug_in_a_behaviour_is_answered_logged_and_harms_nobody(
    home: Home, sim: Simulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    device = await sim.add("Plus1PM")
    behaviour = device.behaviour("switch:0")
    assert behaviour is not None
    monkeypatch.setattr(type(behaviour), "toggle", lambda _self, _params: 1 // 0)
    reply = await home.ask(device.id, "Switch.Toggle", id=0)
    assert reply["error"] == {"code": 500, "message": "internal error"}
    assert "ZeroDivisionError" in caplog.text
    assert await home.call(device.id, "Shelly.GetDeviceInfo")
