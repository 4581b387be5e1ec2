"""``Schedule.*``: jobs are kept, come due by the device's own clock, and do what they say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Device, Simulator, Timing
from fleet_platform.simulator.outbound.link import Backoff
from plugin_sdk import ComponentType
from tests.simulator.asking import error_code

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

_ON = [{"method": "Switch.Set", "params": {"id": 0, "on": True}}]
_OFFSET_S = 3600


@pytest.fixture
async def device(sim: Simulator) -> Device:
    found = await sim.add("S1PMG3")
    found.state.sys["utc_offset"] = _OFFSET_S
    return found


def local(device: Device, seconds: int = 0) -> str:
    """A timespec for so many seconds from now, by the clock on the wall."""
    moment = datetime.fromtimestamp(int(device.now()) + _OFFSET_S + seconds, UTC)
    return f"{moment.second} {moment.minute} {moment.hour} * * *"


async def restart(home: Home, sim: Simulator, device: Device, method: str = "Shelly.Reboot", **params: Any) -> None:
    """Restart by a call, and wait until it is back."""
    await home.call(device.id, method, **params)
    sim.advance(2)
    await device.disconnected()
    await device.connected()


async def test_jobs_are_numbered_changed_and_counted(home: Home, device: Device) -> None:
    job = {"timespec": "0 0 8 * * *", "calls": _ON}
    assert await home.call(device.id, "Schedule.Create", enable=True, **job) == {"id": 1, "rev": 1}
    assert await home.call(device.id, "Schedule.Create", enable=True, **job) == {"id": 2, "rev": 2}
    assert await home.call(device.id, "Schedule.Update", id=2, enable=False) == {"rev": 3}
    listed = await home.call(device.id, "Schedule.List")
    assert listed == {"jobs": [{"id": 1, "enable": True, **job}, {"id": 2, "enable": False, **job}], "rev": 3}
    assert await home.call(device.id, "Schedule.Delete", id=1) == {"rev": 4}
    assert (await home.call(device.id, "Schedule.Create", **job))["id"] == 1
    assert await home.call(device.id, "Schedule.DeleteAll") == {"rev": 6}
    await home.until(lambda: home.status(device.id, "sys")[-1].get("schedule_rev") == 6)
    assert await error_code(home, device, "Schedule.Delete", id=1) == -105


async def test_a_job_does_at_its_time_what_it_says_and_does_it_every_day(
    home: Home, sim: Simulator, device: Device
) -> None:
    off = [{"method": "Switch.Set", "params": {"id": 0, "on": False}}]
    await home.call(device.id, "Schedule.Create", timespec=local(device, 100), calls=_ON)
    await home.call(device.id, "Schedule.Create", timespec=local(device, 200), calls=off)
    sim.advance(98)
    assert device.status("switch:0")["output"] is False
    sim.advance(4)
    assert device.status("switch:0")["output"] is True
    assert device.status("switch:0")["source"] == "loopback"
    sim.advance(100)
    assert device.status("switch:0")["output"] is False
    sim.advance(86_300)
    assert device.status("switch:0")["output"] is True


async def test_all_calls_of_a_job_are_made_though_one_fails(home: Home, sim: Simulator, device: Device) -> None:
    calls = [{"method": "Switch.Set", "params": {"id": 7, "on": True}}, {"method": "No.Such"}, *_ON]
    await home.call(device.id, "Schedule.Create", timespec="* * * * * *", calls=calls)
    sim.advance(2)
    assert device.status("switch:0")["output"] is True


async def test_a_job_may_delete_all_jobs(home: Home, sim: Simulator, device: Device) -> None:
    last = [{"method": "Schedule.DeleteAll"}]
    await home.call(device.id, "Schedule.Create", timespec="* * * * * *", calls=last)
    await home.call(device.id, "Schedule.Create", timespec="* * * * * *", calls=_ON)
    sim.advance(3)
    assert (await home.call(device.id, "Schedule.List"))["jobs"] == []
    assert device.status("switch:0")["output"] is False


async def test_a_job_that_is_off_or_deleted_does_nothing(home: Home, sim: Simulator, device: Device) -> None:
    await home.call(device.id, "Schedule.Create", enable=False, timespec="* * * * * *", calls=_ON)
    sim.advance(5)
    assert device.status("switch:0")["output"] is False
    await home.call(device.id, "Schedule.Update", id=1, enable=True)
    await home.call(device.id, "Schedule.Delete", id=1)
    sim.advance(5)
    assert device.status("switch:0")["output"] is False


async def test_one_timer_serves_all_jobs_of_a_device(home: Home, sim: Simulator, device: Device) -> None:
    def pending() -> int:
        return sum(timer.callback is not None for timer in device.world.wheel._heap)

    before = pending()
    count = {"method": "KVS.Set", "params": {"key": "k", "value": 1}}
    for _ in range(20):
        await home.call(device.id, "Schedule.Create", timespec="* * * * * *", calls=[count])
    sim.advance(10)
    assert device.state.sys["kvs_rev"] == 200
    assert pending() == before + 1


async def test_jobs_survive_a_restart_and_a_device_without_power_does_nothing(
    home: Home, sim: Simulator, device: Device
) -> None:
    await home.call(device.id, "Schedule.Create", timespec="* * * * * *", calls=_ON)
    device.power.switch_off()
    await device.disconnected()
    device.state.status["switch:0"]["output"] = False
    sim.advance(600)
    assert device.status("switch:0")["output"] is False
    device.power.switch_on()
    sim.advance(2)
    await device.connected()
    assert device.status("switch:0")["output"] is True
    assert len((await home.call(device.id, "Schedule.List"))["jobs"]) == 1


async def test_a_job_that_nobody_could_have_made_is_gone_after_a_restart(
    home: Home, sim: Simulator, device: Device
) -> None:
    await home.call(device.id, "Schedule.Create", timespec="@sunrise", calls=_ON)
    device.stores.schedules[7] = {"id": 7, "enable": True, "timespec": "never", "calls": _ON}
    device.stores.webhooks[3] = {"id": 3, "cid": 0, "enable": True, "event": "switch.on", "urls": "none"}
    await restart(home, sim, device)
    assert [job["id"] for job in (await home.call(device.id, "Schedule.List"))["jobs"]] == [1]
    assert (await home.call(device.id, "Webhook.List"))["hooks"] == []


async def test_jobs_are_gone_after_a_factory_reset(home: Home, sim: Simulator, device: Device) -> None:
    await home.call(device.id, "Schedule.Create", timespec="* * * * * *", calls=_ON)
    await restart(home, sim, device, "Shelly.FactoryReset")
    device.state.status["switch:0"]["output"] = False
    sim.advance(10)
    assert device.status("switch:0")["output"] is False
    assert (await home.call(device.id, "Schedule.List")) == {"jobs": [], "rev": 0}


async def test_no_job_comes_due_until_the_clock_is_set(home: Home, types: Mapping[str, ComponentType]) -> None:
    timing = Timing(backoff=Backoff(first_s=0.05), boot_s=0.05, clockless_s=30)
    async with Simulator(home.url, types=types, timing=timing) as sim:
        device = await sim.add("S1PMG3")
        await home.call(device.id, "Schedule.Create", timespec="* * * * * *", calls=_ON)
        device.power.switch_off()
        await device.disconnected()
        device.state.status["switch:0"]["output"] = False
        device.power.switch_on()
        sim.advance(1)
        await device.connected()
        sim.advance(28)
        assert device.status("switch:0")["output"] is False
        assert await error_code(home, device, "Schedule.Eval", timespec="@sunrise") == -109
        sim.advance(3)
        assert device.status("switch:0")["output"] is True


async def test_a_clock_set_ahead_passes_jobs_over_and_one_set_back_does_them_again(
    home: Home, sim: Simulator, device: Device
) -> None:
    count = [{"method": "KVS.Set", "params": {"key": "k", "value": 1}}]
    await home.call(device.id, "Schedule.Create", timespec=local(device, 1800), calls=count)
    before = device.state.sys["kvs_rev"]
    device.shift_clock(3600)
    sim.advance(120)
    assert device.state.sys["kvs_rev"] == before
    device.shift_clock(0)
    sim.advance(1800)
    assert device.state.sys["kvs_rev"] == before + 1


async def test_another_time_zone_is_noticed(home: Home, sim: Simulator, device: Device) -> None:
    await home.call(device.id, "Schedule.Create", timespec=local(device, 1800), calls=_ON)
    device.state.sys["utc_offset"] = _OFFSET_S + 900
    sim.advance(880)
    assert device.status("switch:0")["output"] is False
    sim.advance(30)
    assert device.status("switch:0")["output"] is True


async def test_the_sun_is_where_the_device_is(home: Home, device: Device) -> None:
    await home.call(
        device.id, "Sys.SetConfig", config={"location": {"lat": 42.67236, "lon": 23.38738, "tz": "Europe/Sofia"}}
    )
    noon = int(datetime(2024, 6, 21, 12, tzinfo=UTC).timestamp())
    rises = await home.call(device.id, "Schedule.Eval", timespec="@sunrise", now=noon)
    sets = await home.call(device.id, "Schedule.Eval", timespec="@sunset", now=noon)
    # By the almanac the sun rises in Sofia at 5:48 and sets at 21:09 on the longest day, three hours ahead of UTC.
    assert abs(rises["prev"] - datetime(2024, 6, 21, 2, 48, tzinfo=UTC).timestamp()) < 180
    assert abs(sets["next"] - datetime(2024, 6, 21, 18, 9, tzinfo=UTC).timestamp()) < 180
    later = await home.call(device.id, "Schedule.Eval", timespec="@sunset+1h30m", now=noon)
    assert later["next"] - sets["next"] == 5400


async def test_without_a_place_or_beyond_the_polar_circle_the_sun_does_nothing(home: Home, device: Device) -> None:
    device.state.config["sys"] = {**device.config("sys"), "location": None}
    nowhere = await home.call(device.id, "Schedule.Eval", timespec="@sunset")
    assert nowhere == {"prev": None, "next": None}
    device.state.config["sys"] = {**device.config("sys"), "location": {"lat": 78.2, "lon": 15.6}}
    midsummer = int(datetime(2024, 6, 21, 12, tzinfo=UTC).timestamp())
    autumn = await home.call(device.id, "Schedule.Eval", timespec="@sunset", now=midsummer)
    assert datetime.fromtimestamp(autumn["next"], UTC).month == 8


async def test_the_time_zone_of_the_settings_counts_where_the_status_shows_no_offset(
    home: Home, device: Device
) -> None:
    del device.state.sys["utc_offset"]
    device.state.config["sys"] = {**device.config("sys"), "location": {"tz": "America/New_York"}}
    summer = int(datetime(2024, 7, 1, tzinfo=UTC).timestamp())
    found = await home.call(device.id, "Schedule.Eval", timespec="0 0 8 * * *", now=summer)
    assert found["next"] == datetime(2024, 7, 1, 12, tzinfo=UTC).timestamp()
    device.state.config["sys"] = {**device.config("sys"), "location": {"tz": "No/Where"}}
    found = await home.call(device.id, "Schedule.Eval", timespec="0 0 8 * * *", now=summer)
    assert found["next"] == datetime(2024, 7, 1, 8, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "job",
    [
        {},
        {"timespec": "0 0 8 * * *"},
        {"calls": _ON},
        {"timespec": "0 0 25 * * *", "calls": _ON},
        {"timespec": 8, "calls": _ON},
        {"timespec": "@sunrise", "calls": []},
        {"timespec": "@sunrise", "calls": _ON * 6},
        {"timespec": "@sunrise", "calls": [{"params": {}}]},
        {"timespec": "@sunrise", "calls": [{"method": "Switch.Set", "params": [1]}]},
        {"timespec": "@sunrise", "calls": ["Switch.Set"]},
        {"timespec": "@sunrise", "calls": _ON, "enable": "yes"},
    ],
)
async def test_a_job_that_does_not_fit_is_refused_and_not_counted(
    home: Home, device: Device, job: dict[str, Any]
) -> None:
    assert await error_code(home, device, "Schedule.Create", **job) == -103
    assert await home.call(device.id, "Schedule.List") == {"jobs": [], "rev": 0}


async def test_a_change_that_does_not_fit_leaves_the_job_as_it_was(home: Home, device: Device) -> None:
    await home.call(device.id, "Schedule.Create", timespec="@sunrise", calls=_ON)
    assert await error_code(home, device, "Schedule.Update", id=1, timespec="@noon") == -103
    assert (await home.call(device.id, "Schedule.List"))["jobs"][0]["timespec"] == "@sunrise"
    assert await error_code(home, device, "Schedule.Eval", timespec="@noon") == -103
    assert await error_code(home, device, "Schedule.Eval") == -103


async def test_the_twenty_first_job_is_refused(home: Home, sim: Simulator, device: Device) -> None:
    for _ in range(20):
        await home.call(device.id, "Schedule.Create", timespec="@sunrise", calls=_ON)
    assert await error_code(home, device, "Schedule.Create", timespec="@sunrise", calls=_ON) == -108
    sleeper = await sim.add("PlusHT")
    assert await error_code(home, sleeper, "Schedule.List") == 404
