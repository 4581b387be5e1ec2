"""``FleetManager.*`` (reference 3.1, 11.3) and what every component has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .conftest import OldClient
from .shapes import ANY, check

if TYPE_CHECKING:
    from fleet_platform.testing.platform import TestedFleet

COMPONENTS = ("storage", "user", "group", "mail", "web", "fleetmanager", "entity", "device", "mdns", "waitingroom")


async def test_subscribe_answers_an_id_for_each_event_and_unsubscribe_null(ui: OldClient) -> None:
    answer = await ui.call(
        "FleetManager.Subscribe",
        {
            "events": ["Shelly.Connect", "Shelly.Status"],
            "options": {"events": {"Shelly.Status": {"deny": ["*:aenergy"]}}, "shellyIDs": ["shellyplus1-aa"]},
        },
        shape={"ids": [int], "epoch": str, "seq": int},
    )
    assert len(answer["ids"]) == 2
    assert await ui.call("fleetmanager.unsubscribe", {"ids": answer["ids"]}) is None


async def test_nobody_can_end_the_subscription_of_another(fleet: TestedFleet, ui: OldClient, http: object) -> None:
    ids = await ui.subscribe("Shelly.Connect")
    async with http.ws_connect("/", protocols=(fleet.token,)) as socket:  # type: ignore[attr-defined]
        await OldClient(socket).call("FleetManager.Unsubscribe", {"ids": ids})
    device = await fleet.add_device("Plus1PM")
    assert (await ui.event("Shelly.Connect"))["shellyID"] == device.id


async def test_commands_of_the_predecessor_are_all_there(ui: OldClient) -> None:
    commands = await ui.call("FleetManager.ListCommands", shape=[str])
    assert set(COMPONENTS) <= set(commands)
    assert {"plugin:greetings", "greetings"} <= set(commands)


@pytest.mark.parametrize("component", [*COMPONENTS, "plugin:greetings"])
async def test_every_component_lists_its_methods_in_lower_case(ui: OldClient, component: str) -> None:
    methods = await ui.call(f"{component}.ListMethods", shape=[str])
    assert "listmethods" in methods
    assert all(method == method.lower() for method in methods)


async def test_status_and_settings_of_all_parts_and_no_secrets(ui: OldClient) -> None:
    await ui.call("FleetManager.GetStatus", shape={"fleetmanager": dict, "device": dict, ...: ANY})
    settings = await ui.call("FleetManager.GetConfig", shape={...: dict})
    assert "jwt" not in json.dumps(settings).lower()


async def test_plugins_are_listed_as_the_client_shows_them(ui: OldClient) -> None:
    plugins = await ui.call("FleetManager.ListPlugins")
    check(
        plugins["greetings"],
        {
            "location?": str,
            "info": {"name": str, "version": str, "description": str, ...: ANY},
            "config": {"name": "greetings", "enable": True},
            ...: ANY,
        },
    )


async def test_variables_name_the_way_to_sign_in(ui: OldClient) -> None:
    await ui.call("FleetManager.GetVariables", shape={"login-strategy": "backend-jwt", ...: ANY})


async def test_send_rpc_answers_for_each_device(fleet: TestedFleet, ui: OldClient) -> None:
    device = await fleet.add_device("Plus1PM")
    answer = await ui.call(
        "FleetManager.SendRPC",
        {"dst": [device.id, "nobody"], "method": "Switch.Set", "params": {"id": 0, "on": True}},
        shape={device.id: {"was_on": False}, "nobody": {"code": int, "message": str, "data?": dict}},
    )
    assert list(answer) == [device.id, "nobody"]
    one = await ui.call("FleetManager.SendRPC", {"dst": device.id, "method": "Switch.GetStatus", "params": {"id": 0}})
    assert one[device.id]["output"] is True
