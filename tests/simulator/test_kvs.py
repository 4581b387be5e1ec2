"""``KVS.*``: the device's key-value store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Device, Simulator
from tests.simulator.asking import error_code

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


@pytest.fixture
async def device(sim: Simulator) -> Device:
    return await sim.add("S1PMG3")


async def test_a_value_is_kept_with_its_etag_and_counted(home: Home, device: Device) -> None:
    stored = await home.call(device.id, "KVS.Set", key="a", value={"x": 1})
    assert stored["rev"] == 1
    assert await home.call(device.id, "KVS.Get", key="a") == {"etag": stored["etag"], "value": {"x": 1}}
    assert await home.call(device.id, "KVS.List") == {"keys": {"a": {"etag": stored["etag"]}}, "rev": 1}
    again = await home.call(device.id, "KVS.Set", key="a", value=2)
    assert (again["rev"], again["etag"] != stored["etag"]) == (2, True)
    assert await home.call(device.id, "KVS.Delete", key="a") == {"rev": 3}
    assert await error_code(home, device, "KVS.Get", key="a") == -105
    assert await error_code(home, device, "KVS.Delete", key="a") == -105
    await home.until(lambda: home.status(device.id, "sys")[-1] == {"kvs_rev": 3})


async def test_an_etag_guards_against_what_somebody_else_stored_meanwhile(home: Home, device: Device) -> None:
    first = await home.call(device.id, "KVS.Set", key="a", value=1)
    second = await home.call(device.id, "KVS.Set", key="a", value=2, etag=first["etag"])
    assert await error_code(home, device, "KVS.Set", key="a", value=3, etag=first["etag"]) == -109
    assert await error_code(home, device, "KVS.Delete", key="a", etag=first["etag"]) == -109
    assert await error_code(home, device, "KVS.Set", key="b", value=3, etag=second["etag"]) == -105
    assert await home.call(device.id, "KVS.Get", key="a") == {"etag": second["etag"], "value": 2}
    assert await home.call(device.id, "KVS.Delete", key="a", etag=second["etag"]) == {"rev": 3}


async def test_many_values_come_in_pages_and_a_full_store_refuses_more(home: Home, device: Device) -> None:
    for number in range(50):
        await home.call(device.id, "KVS.Set", key=f"k{number:02}", value=number)
    assert await error_code(home, device, "KVS.Set", key="one more", value=1) == -108
    await home.call(device.id, "KVS.Set", key="k00", value=0)
    items: list[dict[str, Any]] = []
    while len(items) < 50:
        page = await home.call(device.id, "KVS.GetMany", offset=len(items))
        assert (page["total"], page["offset"]) == (50, len(items))
        items += page["items"]
    assert [item["value"] for item in items] == list(range(50))
    assert (await home.call(device.id, "KVS.GetMany", offset=50))["items"] == []


async def test_keys_are_found_by_stars_and_question_marks_and_nothing_else(home: Home, device: Device) -> None:
    for key in ("a1", "a22", "b1", "a[1]", "x*y"):
        await home.call(device.id, "KVS.Set", key=key, value=0)

    async def found(pattern: str) -> list[str]:
        return list((await home.call(device.id, "KVS.List", match=pattern))["keys"])

    assert await found("a*") == ["a1", "a22", "a[1]"]
    assert await found("?1") == ["a1", "b1"]
    assert await found("a[1]") == ["a[1]"]
    assert await found("*") == ["a1", "a22", "a[1]", "b1", "x*y"]
    assert await found("A*") == []
    assert [each["key"] for each in (await home.call(device.id, "KVS.GetMany", match="b?"))["items"]] == ["b1"]
    assert await error_code(home, device, "KVS.List", match="x" * 101) == -103
    await home.call(device.id, "KVS.Set", key="a" * 42, value=0)
    assert await found("*a" * 40 + "b") == []


@pytest.mark.parametrize(
    "params",
    [
        {"value": 1},
        {"key": "a"},
        {"key": "", "value": 1},
        {"key": "k" * 43, "value": 1},
        {"key": "é" * 22, "value": 1},
        {"key": 7, "value": 1},
        {"key": "a", "value": "x" * 254},
        {"key": "a", "value": ["x" * 250]},
        {"key": "a", "value": 1, "etag": 7},
    ],
)
async def test_what_does_not_fit_is_refused(home: Home, device: Device, params: dict[str, Any]) -> None:
    await home.call(device.id, "KVS.Set", key="a", value=1)
    assert await error_code(home, device, "KVS.Set", **params) == -103
    assert (await home.call(device.id, "KVS.List"))["rev"] == 1


async def test_the_longest_key_and_value_fit_and_null_is_a_value(home: Home, device: Device) -> None:
    await home.call(device.id, "KVS.Set", key="k" * 42, value="x" * 253)
    await home.call(device.id, "KVS.Set", key="null", value=None)
    assert (await home.call(device.id, "KVS.Get", key="null"))["value"] is None


async def test_values_survive_a_restart_and_no_factory_reset(home: Home, sim: Simulator, device: Device) -> None:
    await home.call(device.id, "KVS.Set", key="a", value=1)
    for method, kept in (("Shelly.Reboot", 1), ("Shelly.FactoryReset", 0)):
        await home.call(device.id, method)
        sim.advance(2)
        await device.disconnected()
        await device.connected()
        assert len((await home.call(device.id, "KVS.List"))["keys"]) == kept
