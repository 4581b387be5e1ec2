"""Backups: what one device packs, another of its model becomes."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from fleet_platform.simulator import Device, Simulator
from fleet_platform.simulator.device.archive import CONTENTS, BadArchive, unpack
from tests.simulator.asking import late

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

ALL = dict.fromkeys(CONTENTS, True)


async def come_back(sim: Simulator, device: Device) -> None:
    """Go down and up again."""
    sim.advance(1.1)
    await device.disconnected()
    await device.connected()


async def backup(home: Home, sim: Simulator, device: Device, **contents: bool) -> bytes:
    """Make one and fetch it in pieces."""
    assert await home.call(device.id, "Sys.CreateBackup", **contents) is None
    await come_back(sim, device)
    archive, left = b"", 1
    while left:
        piece = await home.call(device.id, "Sys.DownloadBackup", offset=len(archive), len=700)
        archive += base64.b64decode(piece["data"])
        left = piece["left"]
    return archive


async def send(home: Home, sim: Simulator, device: Device, archive: bytes, **final: Any) -> dict[str, Any]:
    """Send one in pieces; returns the answer to the last."""
    pieces = [archive[at : at + 1026] for at in range(0, len(archive), 1026)]
    for number, piece in enumerate(pieces[:-1]):
        data = base64.b64encode(piece).decode()
        assert await home.call(device.id, "Sys.RestoreBackup", offset=number * 1026, data=data) is None
    params = {"offset": (len(pieces) - 1) * 1026, "data": base64.b64encode(pieces[-1]).decode(), "final": True, **final}
    return await late(home, sim, device, "Sys.RestoreBackup", **params)


async def set_up(home: Home, device: Device) -> None:
    """Give a device something worth keeping."""

    async def call(method: str, **params: Any) -> Any:
        return await home.call(device.id, method, **params)

    await call("Sys.SetConfig", config={"device": {"name": "Boiler"}, "location": {"tz": "Europe/Rome"}})
    await call("Switch.SetConfig", id=0, config={"name": "Pump", "auto_off": True, "auto_off_delay": 90})
    await call("Mqtt.SetConfig", config={"enable": True, "server": "10.0.0.1:1883"})
    await call("KVS.Set", key="a", value={"x": 1})
    await call("Schedule.Create", timespec="0 0 6 * * *", calls=[{"method": "Switch.Toggle", "params": {"id": 0}}])
    await call("Webhook.Create", cid=0, event="switch.on", urls=[f"http://10.0.0.1/{device.id}"])
    number = (await call("Script.Create", name="blink"))["id"]
    await call("Script.PutCode", id=number, code="print(1)")
    await call("Virtual.Add", type="number", config={"persisted": True, "max": 50})
    await call("Number.Set", id=200, value=42)
    await call("BTHome.AddDevice", config={"addr": "aa:bb:cc:dd:ee:ff", "name": "Button"})
    device.state.status["switch:0"]["aenergy"]["total"] = 1234.5


def settings(device: Device) -> dict[str, Any]:
    """All settings, without what marks one device among others."""
    text = orjson.dumps(device.state.config).decode()
    for own in (device.id, device.mac):
        text = text.replace(own, "ID").replace(own.lower(), "ID")
    found: dict[str, Any] = orjson.loads(text)
    found["sys"].pop("cfg_rev")
    return found


async def test_a_backup_makes_another_device_of_the_model_equal(home: Home, sim: Simulator) -> None:
    one, two = await sim.add("S1PMG3", seed=1), await sim.add("S1PMG3", seed=2)
    await set_up(home, one)
    archive = await backup(home, sim, one, **ALL)
    identity = {name: two.state.info[name] for name in ("id", "mac", "fw_id", "slot")}
    assert settings(one) != settings(two)
    assert (await send(home, sim, two, archive))["result"] is None
    assert (await home.ask(two.id, "Shelly.GetStatus"))["error"]["code"] == -109
    await come_back(sim, two)
    assert settings(two) == settings(one)
    info = await home.call(two.id, "Shelly.GetDeviceInfo")
    assert {name: info[name] for name in identity} == identity
    assert info["name"] == "Boiler"
    assert two.config("sys")["device"]["mac"] == two.mac
    assert two.config("mqtt")["client_id"] == two.id
    assert await home.call(two.id, "KVS.Get", key="a") == await home.call(one.id, "KVS.Get", key="a")
    jobs = [(await home.call(each.id, "Schedule.List"))["jobs"] for each in (one, two)]
    assert jobs[0] == jobs[1] != []
    assert (await home.call(two.id, "Webhook.List"))["hooks"][0]["urls"] == [f"http://10.0.0.1/{two.id}"]
    assert (await home.call(two.id, "Script.GetCode", id=1))["data"] == "print(1)"
    assert two.status("number:200")["value"] == 42
    assert two.config("bthomedevice:200")["addr"] == "aa:bb:cc:dd:ee:ff"
    assert two.status("switch:0")["aenergy"]["total"] == 1234.5
    assert two.session.link.connections == 2


async def test_what_was_made_shows_in_the_status_and_is_made_of_what_was_wanted(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1PMG3")
    assert (await home.ask(device.id, "Sys.DownloadBackup"))["error"]["code"] == -105
    await set_up(home, device)
    archive = await backup(home, sim, device, schedules=True, scripts=False)
    shown = (await home.call(device.id, "Sys.GetStatus"))["backup"]
    assert shown["contents"] == {name: name == "schedules" for name in CONTENTS}
    assert shown["created"] > 1e9
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        assert sorted(members.namelist()) == sorted(
            f"{name}.json" for name in ("info", "config", "kvs", "files", "addon", "schedules")
        )
        info = orjson.loads(members.read("info.json"))
    assert (info["model"], info["app"], info["id"]) == ("S3SW-001P16EU", "S1PMG3", device.id)


async def test_only_the_wanted_sections_are_taken_in(home: Home, sim: Simulator) -> None:
    one, two = await sim.add("S1PMG3", seed=1), await sim.add("S1PMG3", seed=2)
    await set_up(home, one)
    archive = await backup(home, sim, one, **ALL)
    await home.call(two.id, "Virtual.Add", type="text")
    await send(home, sim, two, archive, restore={"webhooks": True, "scripts": False})
    await come_back(sim, two)
    assert len((await home.call(two.id, "Webhook.List"))["hooks"]) == 1
    assert (await home.call(two.id, "Schedule.List"))["jobs"] == []
    assert (two.keys("script"), two.keys("text"), two.keys("number")) == ([], ["text:200"], [])
    assert two.config("switch:0")["name"] == "Pump"


async def test_a_backup_brings_its_profile(home: Home, sim: Simulator) -> None:
    one, two = await sim.add("S2PMG3", seed=1, profile="cover"), await sim.add("S2PMG3", seed=2)
    await home.call(one.id, "Cover.SetConfig", id=0, config={"name": "Blind", "maxtime_open": 31})
    archive = await backup(home, sim, one)
    await send(home, sim, two, archive)
    await come_back(sim, two)
    assert (await home.call(two.id, "Shelly.GetDeviceInfo"))["profile"] == "cover"
    assert {name: two.config("cover:0")[name] for name in ("name", "maxtime_open")} == {
        "name": "Blind",
        "maxtime_open": 31,
    }


async def test_another_server_in_a_backup_is_called_after_the_restart(home: Home, sim: Simulator) -> None:
    one, two = await sim.add("S1G3", seed=1), await sim.add("S1G3", seed=2)
    await home.call(one.id, "Ws.SetConfig", config={"server": f"{home.url}/elsewhere"})
    archive = await backup(home, sim, one)
    await send(home, sim, two, archive)
    await come_back(sim, two)
    await home.until(lambda: home.visit(two.id).path == "/shelly/elsewhere")


async def test_another_models_backup_is_refused(home: Home, sim: Simulator) -> None:
    one, two = await sim.add("S1PMG3"), await sim.add("S1G3")
    archive = await backup(home, sim, one)
    before = two.state.config
    assert (await send(home, sim, two, archive))["error"] == {"code": -109, "message": "Backup is for another model"}
    assert two.state.config is before
    assert two.power.state == "on"


@pytest.mark.parametrize("spoil", ["cut", "noise", "empty", "no identity", "wrong kind", "odd component", "odd script"])
async def test_bytes_that_are_no_backup_are_refused(spoil: str, home: Home, sim: Simulator) -> None:
    device = await sim.add("S1PMG3")
    archive = await backup(home, sim, device, dynamic_components=True, scripts=True)
    await home.call(device.id, "Shelly.GetDeviceInfo")
    answered = await send(home, sim, device, spoilt(archive, spoil))
    assert answered["error"]["code"] == -103
    assert device.power.state == "on"


def spoilt(archive: bytes, how: str) -> bytes:
    """An archive with something wrong."""
    if how in ("cut", "noise", "empty"):
        return {"cut": archive[:-40], "noise": b"\x00" * 90, "empty": b"PK\x05\x06" + b"\x00" * 18}[how]
    sections = sections_of(archive)
    if how == "no identity":
        del sections["info.json"]
    elif how == "wrong kind":
        sections["config.json"] = []
    elif how == "odd component":
        sections["dynamic_components.json"] = {"sys": {"config": {}}}
    else:
        sections["scripts.json"] = {"script:x": {"config": {}}}
    return packed(sections)


def sections_of(archive: bytes) -> dict[str, Any]:
    """Members by name."""
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        return {name: orjson.loads(members.read(name)) for name in members.namelist()}


def packed(sections: dict[str, Any]) -> bytes:
    """An archive of members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as changed:
        for name, content in sections.items():
            changed.writestr(name, orjson.dumps(content))
    return buffer.getvalue()


async def test_an_add_on_that_nobody_has_does_not_keep_a_device_from_booting(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3", addon=("temperature",))
    archive = await backup(home, sim, device)
    odd: dict[str, Any] = {
        "laser": {"temperature:100": {}},
        "dht22": {"input:100": {}, "humidity": {}, "humidity:101": {}},
    }
    await send(home, sim, device, packed({**sections_of(archive), "addon.json": {"peripherals": odd}}))
    await come_back(sim, device)
    assert (device.keys("temperature"), device.keys("input"), device.keys("humidity")) == (
        [],
        ["input:0"],
        ["humidity:101"],
    )


def test_a_member_that_would_fill_the_memory_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("config.json", b" " * (2 << 20))
    with pytest.raises(BadArchive, match="too large"):
        unpack(buffer.getvalue())


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, -103),
        ({"data": "%%%"}, -103),
        ({"data": "AAAA", "offset": 5}, -103),
        ({"data": "AAAA", "restore": []}, -103),
        ({"data": "A" * 400_000}, -108),
    ],
)
async def test_a_piece_must_fit(params: dict[str, Any], code: int, home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    assert (await home.ask(device.id, "Sys.RestoreBackup", **params))["error"]["code"] == code


async def test_an_upload_counts_its_bytes(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    assert await home.call(device.id, "Sys.UploadBackup", data="AAAA") == {"len": 3}
    assert await home.call(device.id, "Sys.UploadBackup", data="AAAA", offset=3) == {"len": 6}
