"""From a notification to a changed twin and events: what is told, in which order, and what has to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING

import pytest

from fleet_platform.devices.composer import Composer
from fleet_platform.devices.notifications import Notifications
from fleet_platform.devices.twin import Twin
from plugin_sdk import JSON, ComponentType, DeviceId

if TYPE_CHECKING:
    from tests.devices.conftest import Site

ID = DeviceId("shellyx-a8032abb995c")


class Asked:
    """What the notifications made necessary to read (``notifications.Refresh``)."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def settings_changed(self, key: str) -> None:
        self.calls.append(("settings", key))

    def component_added(self, key: str) -> None:
        self.calls.append(("added", key))

    def component_removed(self, key: str) -> None:
        self.calls.append(("removed", key))


class Scene:
    def __init__(self, site: Site, types: Mapping[str, ComponentType]) -> None:
        self.site = site
        self.stored: list[str] = []
        self.refresh = Asked()
        self.said = {"switch:0": {"output": False}, "input:0": {}, "script:1": {"running": True}, "sys": {}}
        self.twin = Twin(ID, {**deepcopy(self.said), "number:200": {"value": 1}})
        composer = Composer(lambda: types)
        composer.refresh(self.twin)
        site.fleet.add(self.twin)
        self.notifications = Notifications(
            voice=site.voice,
            stored=lambda twin: self.stored.append(twin.id),
            types=lambda: types,
            composer=composer,
        )

    def hear(self, method: str, params: JSON, **more: JSON) -> bool:
        frame = {"src": ID, "dst": "ws", "method": method, "params": params, **more}
        return self.notifications.handle(self.twin, frame, self.refresh)

    def event(self, component: JSON, event: JSON, **data: JSON) -> None:
        assert self.hear("NotifyEvent", {"ts": 1.0, "events": [{"component": component, "event": event, **data}]})


@pytest.fixture
async def scene(site: Site, types: Mapping[str, ComponentType]) -> Scene:
    return Scene(site, types)


# ---- what plugins report ------------------------------------------------------------------------------------------


async def test_what_a_plugin_reports_is_part_of_the_device(scene: Scene) -> None:
    scene.notifications.report(scene.twin, {"number:201": {"value": 5}})
    assert scene.twin.status["number:201"] == {"value": 5}
    assert scene.stored == [ID]
    assert scene.site.told() == ["Shelly.Status", "Entity.StatusChange", "Entity.Added"]
    scene.notifications.report(scene.twin, {"number:201": {"value": 5}})
    assert scene.stored == [ID]  # nothing changed
    scene.site.events.clear()
    scene.notifications.report(scene.twin, {"number:201": None, "number:202": None})
    assert "number:201" not in scene.twin.status
    assert scene.site.told() == ["Shelly.Status", "Entity.Removed"]
    assert scene.site.params("Shelly.Status")[0]["status"].keys() == {"number:201"}


async def test_what_a_plugin_reports_is_seen_in_the_entity(scene: Scene) -> None:
    scene.notifications.report(scene.twin, {"number:201": {"value": 5}})
    scene.twin.entities_json = b"as it was"
    scene.notifications.report(scene.twin, {"number:201": {"value": 6}})
    assert scene.twin.entities_json is None


async def test_a_report_without_a_json_form_changes_nothing(scene: Scene) -> None:
    scene.notifications.report(scene.twin, {"number:201": {"value": 5}})
    scene.site.events.clear()
    with pytest.raises(TypeError):
        scene.notifications.report(scene.twin, {"number:201": None, "number:202": {"value": object()}})
    assert scene.twin.status["number:201"] == {"value": 5}
    assert scene.site.told() == []


async def test_messages_are_built_for_whoever_wants_these_components_alone(scene: Scene) -> None:
    heard: list[JSON] = []
    remove = scene.site.bus.tap(("Shelly.Message",), heard.append, components=frozenset({"script"}))
    scene.hear("NotifyStatus", {"switch:0": {"output": True}})
    scene.event("input:0", "single_push")
    scene.event("script:1", "ble.scan_result", data=[1, 2])
    scene.hear("NotifyStatus", {"script:1": {"running": False}})
    remove()
    assert [message.params["message"]["method"] for message in heard] == ["NotifyEvent", "NotifyStatus"]
    assert heard[0].params["message"]["params"]["events"][0]["data"] == [1, 2]


@pytest.mark.parametrize("params", [None, 7, {"events": 5}, {"events": [None, {}, {"component": 4}]}])
async def test_odd_messages_are_about_no_component(scene: Scene, params: JSON) -> None:
    scene.site.bus.tap(("Shelly.Message",), lambda _event: pytest.fail("nobody wanted it"), components=frozenset({"x"}))
    scene.hear("NotifyEvent", params)


# ---- status -------------------------------------------------------------------------------------------------


async def test_a_change_is_known_stored_and_told_in_this_order(scene: Scene) -> None:
    frame = {"ts": 1_800_000_000.5, "switch:0": {"id": 0, "output": True, "source": "timer"}, "sys": {"cfg_rev": 8}}
    assert scene.hear("NotifyStatus", frame)
    assert scene.twin.status["switch:0"] == {"id": 0, "output": True, "source": "timer"}
    assert scene.stored == [ID]
    assert scene.site.told() == ["Shelly.Status", "Entity.StatusChange", "Shelly.Message"]
    (status,) = scene.site.params("Shelly.Status")
    assert status == {
        "shellyID": ID,
        "status": {"switch:0": {"id": 0, "output": True, "source": "timer"}, "sys": {"cfg_rev": 8}},
    }
    assert scene.site.params("Entity.StatusChange") == [{"entityId": f"{ID}_0:out", "status": frame["switch:0"]}]
    (message,) = scene.site.params("Shelly.Message")
    assert message["message"]["params"] == frame


@pytest.mark.parametrize("method", ["NotifyStatus", "NotifyFullStatus"])
async def test_a_component_that_becomes_null_and_comes_back_takes_its_entity_along(scene: Scene, method: str) -> None:
    entity = f"{ID}_0:out"
    assert ("switch:0", entity) in scene.twin.entities
    scene.hear("NotifyStatus", {"ts": 1.0, "switch:0": None})
    assert scene.site.params("Entity.Removed") == [{"entityId": entity}]
    assert ("switch:0", entity) not in scene.twin.entities
    scene.hear(method, deepcopy(scene.said))
    assert scene.site.params("Entity.Added") == [{"entityId": entity}]
    assert ("switch:0", entity) in scene.twin.entities


async def test_one_event_is_told_however_many_components_changed(scene: Scene) -> None:
    scene.hear("NotifyStatus", {"switch:0": {"output": True}, "input:0": {"state": True}, "sys": {"x": 1}})
    assert scene.site.told("Shelly.Status", "Entity.StatusChange") == ["Shelly.Status"] + ["Entity.StatusChange"] * 2


async def test_what_changes_nothing_is_neither_stored_nor_told(scene: Scene) -> None:
    odd: list[JSON] = [{"switch:0": {"output": False}}, {}, {"ts": 5}, None, [], 7]
    for params in odd:
        assert scene.hear("NotifyStatus", params)
    assert (scene.stored, scene.site.told("Shelly.Status", "Entity.StatusChange")) == ([], [])


async def test_a_wall_display_numbers_its_notifications(scene: Scene) -> None:
    assert scene.hear(
        "NotifyStatus", {"switch:0": {"output": True}, "ts": 1_700_000_000}, id=1_700_000_000, dst="user_1"
    )
    assert scene.twin.status["switch:0"]["output"] is True


async def test_every_notification_says_that_the_device_is_there(scene: Scene) -> None:
    scene.hear("NotifyStatus", {"ts": 5.01})
    assert scene.twin.last_report_ms > 1_600_000_000_000, "the platform's clock, whatever the device thinks"


# ---- whole status -------------------------------------------------------------------------------------------


async def test_a_whole_report_replaces_and_tells_what_differs(scene: Scene) -> None:
    scene.hear("NotifyFullStatus", {"ts": 1, **scene.said, "switch:0": {"output": True}})
    assert scene.twin.status == {**scene.said, "switch:0": {"output": True}, "number:200": {"value": 1}}
    (status,) = scene.site.params("Shelly.Status")
    assert status["status"] == {"switch:0": {"output": True}}


async def test_components_that_a_whole_report_lacks_or_adds_are_told_with_their_entities(scene: Scene) -> None:
    del scene.said["input:0"]
    scene.hear("NotifyFullStatus", {**scene.said, "switch:1": {"output": True}})
    assert "input:0" not in scene.twin.status
    assert "number:200" in scene.twin.status, "dynamic components stay until the device says otherwise"
    (status,) = scene.site.params("Shelly.Status")
    assert status["status"] == {"input:0": None, "switch:1": {"output": True}}
    assert scene.stored == [ID]
    assert scene.site.params("Entity.Removed") == [{"entityId": f"{ID}_0:input"}]
    assert scene.site.params("Entity.Added") == [{"entityId": f"{ID}_1:out"}]


@pytest.mark.parametrize("params", [None, {}, [], {"ts": 5}, {"switch:0": None}])
async def test_a_whole_report_of_nothing_changes_nothing(scene: Scene, params: JSON) -> None:
    assert scene.hear("NotifyFullStatus", params)
    assert scene.twin.status == {**scene.said, "number:200": {"value": 1}}
    assert set(scene.site.told()) == {"Shelly.Message"}


async def test_the_same_whole_report_again_tells_nothing(scene: Scene) -> None:
    for _ in range(2):
        scene.hear("NotifyFullStatus", deepcopy(scene.said))
    assert set(scene.site.told()) == {"Shelly.Message"}


# ---- events -------------------------------------------------------------------------------------------------


async def test_a_pushed_button_is_an_event_of_its_entity(scene: Scene) -> None:
    scene.event("input:0", "single_push", id=0, ts=1.0)
    scene.event("input:0", "long_push")
    assert scene.site.params("Entity.Event") == [
        {"entityId": f"{ID}_0:input", "event": "single_push"},
        {"entityId": f"{ID}_0:input", "event": "long_push"},
    ]


@pytest.mark.parametrize("event", ["btn_down", "btn_up", "unheard"])
async def test_events_that_the_component_type_does_not_name_are_not_told(scene: Scene, event: str) -> None:
    scene.event("input:0", event)
    assert scene.site.told("Entity.Event") == []


@pytest.mark.parametrize("component", ["input:7", "unheard:0", "sys", "", None, 5])
async def test_events_of_what_is_no_entity_are_not_told(scene: Scene, component: JSON) -> None:
    scene.event(component, "single_push")
    assert scene.site.told("Entity.Event") == []


async def test_a_script_may_name_and_fill_its_events_as_it_likes(scene: Scene) -> None:
    scene.event("script:1", "alarm\nnow", data={"level": [1]}, ts=1.0, id=1)
    assert scene.site.params("Entity.Event") == [
        {"entityId": f"{ID}_1:script", "event": "alarm\nnow", "data": {"level": [1]}}
    ]


async def test_a_device_cannot_speak_for_the_entity_of_another(scene: Scene) -> None:
    scene.event("script:1", "x", entityId="shellyy-000000000000_0:out")
    (event,) = scene.site.params("Entity.Event")
    assert event == {"entityId": f"{ID}_1:script", "event": "x"}


async def test_events_that_call_for_reading_are_left_to_the_session(scene: Scene) -> None:
    scene.event("switch:0", "config_changed", cfg_rev=8)
    scene.event("sys", "config_changed")
    scene.event("sys", "component_added", target="number:201")
    scene.event("sys", "component_removed", target="number:200")
    scene.event("sys", "component_added")
    scene.event("sys", "component_removed", target=None)
    assert scene.refresh.calls == [
        ("settings", "switch:0"),
        ("settings", "sys"),
        ("added", "number:201"),
        ("removed", "number:200"),
    ]
    assert scene.site.told("Entity.Event") == []


async def test_an_update_of_the_firmware_is_remembered_and_stored(scene: Scene) -> None:
    for event, updating in (("sleep", False), ("ota_begin", True)):
        scene.event("sys", event)
        assert scene.twin.updating is updating
    assert scene.stored == [ID], "the platform may restart before the device does"


async def test_all_events_of_a_frame_are_handled_and_bad_ones_passed_over(scene: Scene) -> None:
    good = {"component": "input:0", "event": "single_push"}
    scene.hear("NotifyEvent", {"events": [None, 5, [], {}, {"event": "x"}, {**good, "event": 5}, good, good]})
    assert scene.site.told("Entity.Event") == ["Entity.Event"] * 2
    odd: list[JSON] = [None, [], {}, {"events": None}, {"events": {}}, {"events": "x"}]
    for params in odd:
        assert scene.hear("NotifyEvent", params)


# ---- the rest -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["Shelly.GetStatus", "notifystatus", "", "NotifyStatus2"])
async def test_other_methods_are_no_notifications(scene: Scene, method: str) -> None:
    assert not scene.hear(method, {})
    assert scene.site.events == []
