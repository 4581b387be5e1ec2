"""Nothing of the reference is forgotten: each method is in force or left out with a reason, and each is called here."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import OldClient

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def _names(text: str) -> list[str]:
    return text.split()


ALPHA = _names("""
fleetmanager.subscribe fleetmanager.unsubscribe fleetmanager.listcommands fleetmanager.listplugins
fleetmanager.getstatus fleetmanager.getconfig fleetmanager.listmethods
device.list device.getinfo device.getstatus device.getconfig device.setconfig device.getsetup device.call
device.getpending device.getdenied device.acceptpending device.rejectpending device.listmethods
entity.list entity.getinfo entity.getstatus entity.getconfig entity.listmethods
group.create group.add group.remove group.delete group.list group.rename group.set group.get group.find
group.listmethods
storage.setitem storage.getitem storage.removeitem storage.keys storage.getall storage.getstatus storage.getconfig
storage.setconfig storage.listmethods
user.create user.update user.delete user.getstatus user.getconfig user.setconfig user.listmethods
mail.send mail.getstatus mail.getconfig mail.setconfig mail.listmethods
mdns.getstatus mdns.getconfig mdns.setconfig mdns.listmethods
web.getstatus web.getconfig web.setconfig web.listmethods
plugin:greetings.getstatus plugin:greetings.getconfig plugin:greetings.setconfig plugin:greetings.listmethods
greetings.sayhello
""")

DECEMBER = _names("""
fleetmanager.getvariables fleetmanager.sendrpc fleetmanager.uploadplugin fleetmanager.removeplugin
fleetmanager.postgresprovidercallmethod fleetmanager.fetchmonthlyreport fleetmanager.fetchcustomrangereport
fleetmanager.fetchdbdump fleetmanager.listreportconfigs fleetmanager.listreports fleetmanager.addreportconfig
fleetmanager.deletereportconfig fleetmanager.purgereports fleetmanager.subscribetonotifications
fleetmanager.listnotificationtokens
device.get device.delete device.getemdata device.addbthomedevices device.startdevicediscovery
device.removebthomedevice device.addbthomedevicemanual device.getbthomedeviceknownobjects device.addbthomesensor
device.acceptpendingbyid device.acceptpendingbyexternalid
waitingroom.getpending waitingroom.getdenied waitingroom.acceptpendingbyid waitingroom.acceptpendingbyexternalid
waitingroom.rejectpending
storage.additem storage.removewidget storage.getuiconfig
user.authenticate user.refresh user.list user.find
alexa.enable alexa.disable grafana.getconfig grafana.getdashboard
""")

LEFT_OUT = {
    "fleetmanager.uploadplugin",
    "fleetmanager.removeplugin",
    "fleetmanager.postgresprovidercallmethod",
    "fleetmanager.fetchmonthlyreport",
    "fleetmanager.fetchcustomrangereport",
    "fleetmanager.fetchdbdump",
    "fleetmanager.listreportconfigs",
    "fleetmanager.listreports",
    "fleetmanager.addreportconfig",
    "fleetmanager.deletereportconfig",
    "fleetmanager.purgereports",
    "fleetmanager.subscribetonotifications",
    "fleetmanager.listnotificationtokens",
    "device.getemdata",
    "alexa.enable",
    "alexa.disable",
    "grafana.getconfig",
    "grafana.getdashboard",
}
"""Each named with its reason in ``docs/decisions.md``."""

EVENTS = _names("""
Shelly.Connect Shelly.Disconnect Shelly.Presence Shelly.Info Shelly.Status Shelly.Settings Shelly.Message Shelly.KVS
Entity.Added Entity.Removed Entity.Event Entity.StatusChange NotifyEvent
Shelly.Delete BTHome.DiscoveryResult BTHome.DiscoveryDone WaitingRoomEvent.Accepted WaitingRoomEvent.Denied
FleetManager.Config NotifyStatus Console.Log
""")

EVENTS_LEFT_OUT = {"FleetManager.Config", "NotifyStatus", "Console.Log"}
"""Likewise."""


def texts() -> set[str]:
    """All texts in the code of this suite, as the names of methods and events are written there."""
    found: set[str] = set()
    for path in HERE.glob("*.py"):
        if path.name == Path(__file__).name:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(node.value.rpartition("/rpc/")[2].lower().split())
    return found


async def test_every_method_is_in_force_or_left_out(ui: OldClient) -> None:
    wanted = {*ALPHA, *DECEMBER} - LEFT_OUT
    missing = []
    for noun in sorted({name.partition(".")[0] for name in wanted}):
        verbs = await ui.call(f"{noun}.ListMethods")
        missing += [name for name in wanted if name.startswith(f"{noun}.") and name.partition(".")[2] not in verbs]
    assert sorted(missing) == []


@pytest.mark.parametrize("name", sorted({*ALPHA, *DECEMBER} - LEFT_OUT))
def test_every_method_is_called_by_this_suite(name: str) -> None:
    if name.endswith(".listmethods"):
        return  # called for each component by a test of its own
    assert name in texts()


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_provoked_by_this_suite(name: str) -> None:
    if name not in EVENTS_LEFT_OUT:
        assert name.lower() in texts()


def test_what_is_left_out_has_a_reason() -> None:
    reasons = (ROOT / "docs" / "decisions.md").read_text("utf-8").lower()
    left_out = [*LEFT_OUT, *(name.lower() for name in EVENTS_LEFT_OUT)]
    assert [name for name in sorted(left_out) if f"`{name.lower()}`" not in reasons] == []
