"""Getting to know a device: when nothing is asked, what is asked otherwise, and what becomes of the answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.devices.frames import Hello
from fleet_platform.devices.introduction import (
    MAX_PAGES,
    Introduction,
    Pacer,
    WrongIdError,
    has_dynamic_components,
    is_unchanged,
)
from fleet_platform.devices.link import Link, LinkLimits
from fleet_platform.devices.twin import Twin
from plugin_sdk import JSON, ComponentType, DeviceId, JSONObject
from plugin_sdk.errors import CallTimeout, DeviceError

if TYPE_CHECKING:
    from tests.devices.conftest import Device

NOW_MS = 1_800_000_000_000
MAC = "A8032ABB995C"
ID = DeviceId(f"shellyx-{MAC.lower()}")
REVISIONS = {"cfg_rev": 7, "kvs_rev": 1, "schedule_rev": 2, "webhook_rev": 3}


def status(**system: JSON) -> JSONObject:
    return {"sys": {"mac": MAC, "uptime": 3_600, **REVISIONS, **system}, "switch:0": {}}


def known(seen_s: float = 60, **system: JSON) -> Twin:
    """A device that was read and last reported some seconds ago."""
    twin = Twin(ID, status(**system))
    twin.read, twin.config_rev, twin.last_report_ms = (
        True,
        twin.status["sys"].get("cfg_rev"),
        NOW_MS - int(seen_s * 1_000),
    )
    return twin


def unchanged(twin: Twin, said: JSONObject) -> bool:
    return is_unchanged(twin, said, now_ms=NOW_MS)


# ---- when nothing is asked ----------------------------------------------------------------------------------


def test_a_device_that_only_lost_its_connection_is_asked_nothing() -> None:
    assert unchanged(known(), status())
    assert unchanged(known(seen_s=3_600), status())


def test_other_values_than_revisions_may_differ() -> None:
    assert unchanged(known(), {**status(ram_free=1, cfg_reload=True), "switch:0": {"output": True}})


@pytest.mark.parametrize("revision", list(REVISIONS))
def test_each_revision_by_itself_makes_a_change(revision: str) -> None:
    assert not unchanged(known(), status(**{revision: 99}))


@pytest.mark.parametrize("revision", list(REVISIONS))
def test_a_revision_that_is_absent_equals_absent_and_nothing_else(revision: str) -> None:
    without = status()
    del without["sys"][revision]
    assert not unchanged(known(), without)
    twin = known()
    del twin.status["sys"][revision]
    if revision == "cfg_rev":
        twin.config_rev = None
    assert unchanged(twin, without)
    assert not unchanged(twin, status())


def test_settings_of_an_older_revision_than_the_last_status_are_a_change() -> None:
    twin = known()
    twin.config_rev = 6
    assert not unchanged(twin, status())


@pytest.mark.parametrize("mac", [None, "", "000000000000", 5, [MAC]])
def test_a_mac_that_does_not_fit_the_id_is_a_change(mac: JSON) -> None:
    assert not unchanged(known(), status(mac=mac))


def test_the_mac_is_compared_without_case() -> None:
    assert unchanged(known(), status(mac=MAC.lower()))


def test_a_device_whose_id_holds_no_mac_is_always_asked() -> None:
    twin = known()
    twin.id = DeviceId("shellyx")
    assert not unchanged(twin, status())


def test_a_start_since_the_last_report_is_a_change() -> None:
    assert unchanged(known(seen_s=60), status(uptime=60))
    assert unchanged(known(seen_s=60), status(uptime=59)), "clocks differ a little"
    assert not unchanged(known(seen_s=60), status(uptime=55))


@pytest.mark.parametrize("uptime", [None, "3600", [], {}])
def test_a_device_that_does_not_tell_its_uptime_is_asked(uptime: JSON) -> None:
    assert not unchanged(known(), status(uptime=uptime))


def test_a_sleeper_is_unchanged_when_it_woke_from_deep_sleep() -> None:
    sleep = {"wakeup_period": 600, "uptime": 2}
    woke = status(wakeup_reason={"boot": "deepsleep_wake", "cause": "periodic"}, **sleep)
    assert unchanged(known(seen_s=600, wakeup_period=600), woke)
    for reason in ({"boot": "poweron"}, {"boot": "software_restart"}, {}, {"boot": None}):
        assert not unchanged(known(seen_s=600, wakeup_period=600), status(wakeup_reason=reason, **sleep))


def test_who_was_never_read_or_may_have_new_firmware_is_asked() -> None:
    twin = known()
    twin.read = False
    assert not unchanged(twin, status())
    twin.read, twin.updating = True, True
    assert not unchanged(twin, status())


@pytest.mark.parametrize("said", [{}, {"sys": None}, {"sys": []}, {"switch:0": {}}])
def test_a_report_without_a_system_is_a_change(said: JSONObject) -> None:
    assert not unchanged(known(), said)


@pytest.mark.parametrize(
    ("version", "period", "worth"),
    [
        ("1.2.0", None, True),
        ("1.5.0-beta2", 0, True),
        ("2.0.0", None, True),
        ("10.0", None, True),
        ("1.1.9", None, False),
        ("0.14.1", None, False),
        ("1.5.0", 600, False),
        ("", None, False),
        (None, None, False),
        ("unknown", None, False),
        ("9" * 5_000, None, True),
    ],
)
def test_dynamic_components_exist_since_firmware_1_2_and_not_on_sleepers(
    version: JSON, period: JSON, worth: bool
) -> None:
    assert has_dynamic_components({"ver": version}, {"sys": {"wakeup_period": period}}) is worth


# ---- what is asked ------------------------------------------------------------------------------------------


class Meeting:
    """An introduction of a device in memory."""

    def __init__(self, device: Device, types: Mapping[str, ComponentType], twin: Twin | None = None) -> None:
        self.device = device
        wire = device.connect()
        self.link = Link(write=wire.write, close=lambda _code, _reason: None, limits=LinkLimits())
        self.twin = twin or Twin(DeviceId(device.id), dict(device.status))
        self.known = twin is not None
        self.types = types
        self.wire = wire

    async def run(self, *, said: JSONObject | None = None, complete: bool = True, timeout_s: float = 5) -> None:
        """Introduce it; ``said`` is its first report, where the twin's status is more than that."""
        status = dict(self.twin.status) if said is None else said
        hello = Hello(device=self.twin.id, status=status, complete=complete)
        reading = asyncio.create_task(self._read())
        try:
            await Introduction(
                link=self.link,
                twin=self.twin,
                known=self.known,
                hello=hello,
                pacer=Pacer(1),
                types=self.types,
                timeout_s=timeout_s,
            ).run()
        finally:
            reading.cancel()
            await asyncio.wait([reading])

    async def _read(self) -> None:
        while (text := await self.wire.receive()) is not None:
            self.link.on_reply(json.loads(text))


Meet = Callable[..., Meeting]


@pytest.fixture
def meet(types: Mapping[str, ComponentType]) -> Meet:
    return lambda device, twin=None: Meeting(device, types, twin)


async def test_a_new_device_is_asked_for_info_settings_and_components(device: Device, meet: Meet) -> None:
    device.dynamic = {"number:200": {"status": {"value": 5}, "config": {"name": "n"}}}
    meeting = meet(device)
    await meeting.run()
    twin = meeting.twin
    assert device.asked == ["Shelly.GetDeviceInfo", "Shelly.GetConfig", "Shelly.GetComponents"]
    assert device.params[:2] == [None, None]
    assert twin.info() == device.info
    assert twin.settings() == {**device.config, "number:200": {"name": "n"}}
    assert twin.status == {**device.status, "number:200": {"value": 5}}
    assert (twin.read, twin.updating, twin.config_rev) == (True, False, 7)


async def test_components_are_read_page_by_page(device: Device, meet: Meet) -> None:
    device.dynamic = {f"number:{200 + n}": {"status": {"value": n}, "config": {"id": 200 + n}} for n in range(5)}
    meeting = meet(device)
    await meeting.run()
    asked = [params for params in device.params if params is not None]
    assert [params["offset"] for params in asked] == [0, 2, 4]
    assert all(params["dynamic_only"] is True and params["include"] == ["status", "config"] for params in asked)
    assert [meeting.twin.status[key] for key in device.dynamic] == [{"value": n} for n in range(5)]
    assert meeting.twin.settings().keys() >= device.dynamic.keys()


async def test_a_page_that_shifts_because_a_component_goes_loses_no_other_one(device: Device, meet: Meet) -> None:
    device.dynamic = {f"number:{200 + n}": {"status": {"value": n}, "config": {}} for n in range(5)}
    twin = Twin(DeviceId(device.id), {**device.status, **{key: {"value": 0} for key in device.dynamic}})

    def remove_the_first() -> None:
        if device.dynamic.pop("number:200", None) is not None:
            device.status["sys"]["cfg_rev"] += 1

    device.between_pages = remove_the_first
    await meet(device, twin).run(said=device.status)
    left = {f"number:{200 + n}": {"value": n} for n in range(1, 5)}
    assert {key: value for key, value in twin.status.items() if key not in device.status} == left
    assert set(twin.settings()) == {*device.config, *left}


async def test_pages_without_end_are_not_read_without_end(device: Device, meet: Meet) -> None:
    page = {"components": [{"key": "number:200"}], "total": 10**6}
    device.answers["Shelly.GetComponents"] = lambda _params: {"result": page}
    meeting = meet(device)
    await meeting.run()
    assert device.asked.count("Shelly.GetComponents") == MAX_PAGES


@pytest.mark.parametrize("total", [0, 1, 50, None])
async def test_an_empty_page_is_the_last_one(device: Device, meet: Meet, total: int | None) -> None:
    device.answers["Shelly.GetComponents"] = lambda _params: {"result": {"components": [], "total": total or 0}}
    await meet(device).run()
    assert device.asked.count("Shelly.GetComponents") == 1


async def test_a_component_that_was_null_is_what_the_page_says(device: Device, meet: Meet) -> None:
    device.dynamic = {"number:200": {"status": {"value": 5}, "config": {}}}
    meeting = meet(device)
    meeting.twin.status["number:200"] = None
    await meeting.run()
    assert meeting.twin.status["number:200"] == {"value": 5}


async def test_dynamic_components_that_are_gone_are_dropped_and_others_stay(device: Device, meet: Meet) -> None:
    device.dynamic = {"number:200": {"status": {"value": 5}, "config": {}}}
    twin = Twin(DeviceId(device.id), {**device.status, "number:200": {}, "number:201": {}, "unheard:5": {}})
    await meet(device, twin).run(said=device.status)
    assert set(twin.status) == {*device.status, "number:200", "unheard:5"}


@pytest.mark.parametrize("version", ["1.1.0", "0.10.0"])
async def test_old_firmware_and_sleepers_are_not_asked_for_components(device: Device, meet: Meet, version: str) -> None:
    device.info["ver"] = version
    await meet(device).run()
    assert device.asked == ["Shelly.GetDeviceInfo", "Shelly.GetConfig"]
    device.info["ver"], device.status["sys"]["wakeup_period"] = "1.5.0", 7_200
    device.asked.clear()
    await meet(device).run()
    assert device.asked == ["Shelly.GetDeviceInfo", "Shelly.GetConfig"]


async def test_a_device_that_knows_no_dynamic_components_is_introduced_all_the_same(device: Device, meet: Meet) -> None:
    device.info["ver"] = "2.6.2"
    device.answers["Shelly.GetComponents"] = lambda _params: {
        "error": {"code": 404, "message": "No handler for Shelly.GetComponents"}
    }
    meeting = meet(device)
    meeting.twin.status["number:200"] = {"value": 1}
    await meeting.run(said=device.status)
    assert meeting.twin.settings() == device.config
    assert "number:200" in meeting.twin.status, "who cannot tell has removed nothing"


async def test_a_first_report_that_is_partial_is_completed_at_once(device: Device, meet: Meet) -> None:
    device.status["input:0"] = {"state": None}
    twin = Twin(DeviceId(device.id), {"switch:0": {"output": True}, "stale:0": {}})
    meeting = meet(device, twin)
    await meeting.run(complete=False)
    assert device.asked[:2] == ["Shelly.GetDeviceInfo", "Shelly.GetStatus"]
    assert {key for key in twin.status if key != "stale:0"} == set(device.status)


async def test_same_firmware_and_settings_cost_one_request(device: Device, meet: Meet) -> None:
    twin = Twin(DeviceId(device.id), dict(device.status))
    twin.read, twin.config_rev, twin.updating = True, 7, True
    twin.set_info(device.info)
    twin.set_settings({"kept": {}})
    await meet(device, twin).run()
    assert device.asked == ["Shelly.GetDeviceInfo"]
    assert twin.settings() == {"kept": {}}
    assert not twin.updating


@pytest.mark.parametrize("change", ["firmware", "settings", "never read"])
async def test_what_differs_is_read_anew(device: Device, meet: Meet, change: str) -> None:
    twin = Twin(DeviceId(device.id), dict(device.status))
    twin.read, twin.config_rev = change != "never read", 6 if change == "settings" else 7
    twin.set_info({**device.info, "fw_id": "older"} if change == "firmware" else device.info)
    await meet(device, twin).run()
    assert "Shelly.GetConfig" in device.asked
    assert twin.settings() == device.config


async def test_settings_are_of_the_revision_at_which_they_were_asked_for(device: Device, meet: Meet) -> None:
    meeting = meet(device)
    twin = meeting.twin

    def answer(_params: JSON) -> JSON:
        twin.status["sys"]["cfg_rev"] = 8
        return {"result": device.config}

    twin.status["sys"] = dict(twin.status["sys"])
    device.answers["Shelly.GetConfig"] = answer
    await meeting.run()
    assert twin.config_rev == 7, "revision 8 may be newer than what was read: it is read again"


@pytest.mark.parametrize("info", [{"id": "shellyx-000000000000"}, {}, {"id": None}, {"id": ["x"]}])
async def test_a_device_that_is_another_is_refused(device: Device, meet: Meet, info: JSONObject) -> None:
    device.info = info
    with pytest.raises(WrongIdError):
        await meet(device).run()


async def test_the_id_is_compared_without_case(device: Device, meet: Meet) -> None:
    device.info["id"] = device.id.upper()
    await meet(device).run()


async def test_a_device_that_does_not_answer_or_answers_with_an_error_is_not_introduced(
    device: Device, meet: Meet
) -> None:
    device.answers["Shelly.GetConfig"] = lambda _params: None
    with pytest.raises(CallTimeout):
        await meet(device).run(timeout_s=0.01)
    device.answers["Shelly.GetConfig"] = lambda _params: {"error": {"code": -109, "message": "shutting down in 952 ms"}}
    with pytest.raises(DeviceError):
        await meet(device).run()


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        5,
        {},
        {"components": None},
        {"components": [5]},
        {"components": [{}]},
        {"components": [], "total": "x"},
    ],
)
async def test_answers_of_a_shape_nobody_foresaw_never_raise_anything_else(
    device: Device, meet: Meet, answer: JSON
) -> None:
    device.answers["Shelly.GetComponents"] = lambda _params: {"result": answer}
    meeting = meet(device)
    await meeting.run()
    assert meeting.twin.settings() == device.config


# ---- pacing -------------------------------------------------------------------------------------------------


async def test_only_so_many_ask_at_a_time_first_come_first_served() -> None:
    pacer = Pacer(2, patience_s=60)
    inside: list[int] = []
    most = 0
    order: list[int] = []

    async def ask(number: int) -> None:
        nonlocal most
        async with pacer.place():
            inside.append(number)
            order.append(number)
            most = max(most, len(inside))
            await asyncio.sleep(0.001)
            inside.remove(number)

    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(ask(number))
    assert (most, order) == (2, list(range(10)))


async def test_who_is_not_answered_gives_its_place_up_and_gives_it_up_once(settle: Callable[[], Any]) -> None:
    pacer = Pacer(1, patience_s=0.3)
    answered, entered = asyncio.Event(), asyncio.Event()

    async def ask_in_vain() -> None:
        async with pacer.place():
            await answered.wait()

    async def enter() -> None:
        async with pacer.place():
            entered.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(ask_in_vain())
        await settle()
        async with pacer.place():
            answered.set()
            group.create_task(enter())
            await settle()
            assert not entered.is_set(), "the place that was given up is not given up again"
        await entered.wait()


async def test_a_place_is_free_again_whatever_happens_in_it() -> None:
    pacer = Pacer(1, patience_s=60)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with pacer.place():
                raise ZeroDivisionError
    task = asyncio.create_task(_hold(pacer))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    async with pacer.place():
        pass


async def _hold(pacer: Pacer) -> Any:
    async with pacer.place():
        await asyncio.Event().wait()
