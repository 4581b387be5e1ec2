"""Who is let in, who waits, who is turned away, and that only a device an operator rejected is reconfigured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from plugin_sdk import Verdict

if TYPE_CHECKING:
    from tests.devices.conftest import Device, Site, Until

NewDevice = Callable[..., "Device"]

WAIT = Verdict(action="wait", reason="new here")
REFUSE = Verdict(action="refuse", reason="the door is closed")

DENY_METHODS = ["WS.SetConfig", "Shelly.Reboot"]


async def knock(site: Site, device: Device, *, token: str | None = None) -> asyncio.Task[None]:
    task = site.accept(device.connect(), token=token)
    device.hello()
    return task


async def wait_in_room(site: Site, device: Device, until: Until) -> asyncio.Task[None]:
    site.verdict = WAIT
    task = await knock(site, device)
    await until(lambda: any(w.device == device.id and w.decision is not None for w in site.room.pending()))
    return task


def sent(device: Device) -> list[str]:
    return [frame["method"] for frame in device.wire.sent if "method" in frame]


async def test_a_rule_sees_what_the_device_claims(site: Site, device: Device) -> None:
    site.verdict = REFUSE
    await (await knock(site, device, token="t0ken"))
    (candidate,) = site.candidates
    assert (candidate.device, candidate.access, candidate.token, candidate.run_token, candidate.remote) == (
        device.id,
        "unknown",
        "t0ken",
        False,
        "192.0.2.1",
    )
    assert candidate.status == device.status


async def test_a_refused_device_is_closed_1008_with_the_reason_and_gets_nothing(site: Site, device: Device) -> None:
    site.verdict = REFUSE
    await (await knock(site, device))
    assert device.wire.closed == (1008, "the door is closed")
    assert (device.wire.sent, site.store.access, site.events) == ([], {}, [])
    assert site.tally == {"refused": 1}


async def test_a_rule_that_fails_turns_the_device_away_till_later_and_sends_nothing(site: Site, device: Device) -> None:
    site.verdict = ZeroDivisionError()
    await (await knock(site, device))
    assert device.wire.closed is not None
    assert device.wire.closed[0] == 1013
    assert device.wire.sent == []
    assert site.tally == {"turned_away": 1}


async def test_an_admitted_device_is_let_in_at_once(site: Site, device: Device) -> None:
    await site.join(device)
    assert site.fleet.access == {device.id: "allowed"}


# ---- the waiting room ---------------------------------------------------------------------------------------


async def test_a_waiting_device_is_listed_and_told_of_and_nothing_is_sent_to_it(
    site: Site, device: Device, until: Until
) -> None:
    await wait_in_room(site, device, until)
    (waiter,) = site.room.pending()
    assert waiter.to_json() == {
        "shellyID": device.id,
        "id": 1,
        "presence": "pending",
        "status": device.status,
        "reason": "new here",
        "connected": True,
    }
    (notice,) = site.params("NotifyEvent")
    assert notice["events"] == [{"component": "device", "event": "waiting_room_updated", "shellyID": device.id}]
    assert (device.wire.sent, site.store.access, len(site.fleet)) == ([], {device.id: "pending"}, 0)


async def test_an_accepted_device_comes_in_by_the_connection_it_waited_on(
    site: Site, device: Device, until: Until
) -> None:
    await wait_in_room(site, device, until)
    assert await site.room.accept([device.id.upper()]) == {"success": [device.id], "error": []}
    await until(lambda: site.is_live(device))
    assert site.store.access == {device.id: "allowed"}
    assert site.room.pending() == []
    site.verdict = REFUSE  # what a rule says of strangers is its own affair


async def test_what_a_device_reports_while_it_waits_is_known_when_it_is_let_in(
    site: Site, device: Device, until: Until, settle: Any
) -> None:
    await wait_in_room(site, device, until)
    device.change("switch:0", output=True)
    device.change("number:200", value=5)
    await settle()
    await site.room.accept([device.id])
    await until(lambda: site.is_live(device))
    assert site.twin(device).status["switch:0"] == {"id": 0, "output": True}
    assert site.twin(device).status["number:200"] == {"value": 5}


async def test_a_later_whole_report_replaces_what_is_shown(site: Site, device: Device, until: Until) -> None:
    await wait_in_room(site, device, until)
    device.hello(params={"sys": {"uptime": 2}})
    (waiter,) = site.room.pending()
    await until(lambda: waiter.status == {"sys": {"uptime": 2}})


async def test_garbage_and_the_reports_of_others_are_passed_over_while_waiting(
    site: Site, device: Device, new_device: NewDevice, until: Until, settle: Any
) -> None:
    task = await wait_in_room(site, device, until)
    device.wire.say("garbage")
    device.wire.say({"src": "shellyx-000000000000", "method": "NotifyFullStatus", "params": {"sys": {}}})
    device.wire.say({"src": "shellyx-000000000000", "method": "NotifyStatus", "params": {"switch:0": {"output": 5}}})
    await settle()
    (waiter,) = site.room.pending()
    assert waiter.status == device.status
    assert not task.done()
    assert site.tally["bad_frames"] == 1


async def test_a_rejected_device_gets_the_deny_frames_and_is_closed_1008(
    site: Site, device: Device, until: Until
) -> None:
    task = await wait_in_room(site, device, until)
    assert await site.room.reject([device.id]) == {"success": [device.id], "error": []}
    await task
    assert sent(device) == DENY_METHODS
    assert device.wire.closed is not None
    assert device.wire.closed[0] == 1008
    assert site.store.access == {device.id: "denied"}


async def test_a_device_that_is_forgotten_while_it_waits_is_closed_and_new_when_it_comes_again(
    site: Site, device: Device, until: Until
) -> None:
    await wait_in_room(site, device, until)
    (waiter,) = site.room.pending()
    await site.room.forget(waiter)
    await until(lambda: device.wire.closed is not None)
    assert device.wire.closed is not None
    assert device.wire.closed[0] == 1013
    assert (device.wire.sent, site.store.access, site.fleet.access) == ([], {}, {})
    assert site.room.pending() == []


async def test_a_device_that_was_rejected_is_denied_whenever_it_comes_before_any_rule_is_asked(
    site: Site, new_device: NewDevice
) -> None:
    device = new_device()
    site.fleet.access[device.id] = "denied"
    device.id = device.id.upper()
    await (await knock(site, device))
    assert sent(device) == DENY_METHODS
    assert site.candidates == []


@pytest.mark.parametrize("verdict", [REFUSE, ZeroDivisionError(), WAIT])
async def test_nothing_but_a_rejection_by_an_operator_sends_the_deny_frames(
    site: Site, device: Device, verdict: Any, settle: Any
) -> None:
    site.verdict = verdict
    for away in (False, True):
        site.store.away = away
        task = await knock(site, device)
        await settle()
        device.wire.hang_up()
        await task
        assert device.wire.sent == []


async def test_a_device_that_gives_up_waiting_stays_listed_as_not_connected(
    site: Site, device: Device, until: Until
) -> None:
    task = await wait_in_room(site, device, until)
    await site.part(device, task)
    (waiter,) = site.room.pending()
    assert waiter.to_json()["connected"] is False
    assert await site.room.accept([device.id]) == {"success": [device.id], "error": []}
    site.verdict = Verdict(action="admit", reason="accepted")
    await site.join(device)
    assert site.candidates[-1].access == "allowed"


async def test_a_device_that_waits_twice_waits_on_its_newer_connection(
    site: Site, device: Device, until: Until
) -> None:
    older = await wait_in_room(site, device, until)
    wire = device.wire
    task = await knock(site, device)
    await older
    assert wire.closed is not None
    assert wire.closed[0] == 4009
    (waiter,) = site.room.pending()
    assert waiter.to_json()["connected"] is True
    await site.room.accept([device.id])
    await until(lambda: site.is_live(device))
    assert not task.done()


async def test_of_two_connections_that_knock_while_the_database_is_slow_the_newer_one_waits(
    site: Site, device: Device, until: Until, settle: Any
) -> None:
    site.verdict = WAIT
    site.store.may_store.clear()
    older = await knock(site, device)
    wire = device.wire
    await settle()
    newer = await knock(site, device)
    await settle()
    site.store.may_store.set()
    await older
    assert wire.closed is not None
    assert wire.closed[0] == 4009
    await settle()
    assert not newer.done()
    await site.room.accept([device.id])
    await until(lambda: site.is_live(device))
    assert len(site.told("Shelly.Connect")) == 1


@pytest.mark.parametrize("decision", ["allowed", "denied"])
async def test_a_decision_taken_while_the_rules_think_stands(
    site: Site, device: Device, until: Until, decision: str
) -> None:
    task = await wait_in_room(site, device, until)
    await site.part(device, task)
    site.may_decide.clear()
    task = await knock(site, device)
    await until(lambda: len(site.candidates) == 2)
    if decision == "allowed":
        await site.room.accept([device.id])
        site.verdict = Verdict(action="admit", reason="accepted")
    else:
        await site.room.reject([device.id])
    site.may_decide.set()
    if decision == "allowed":
        await until(lambda: site.is_live(device))
    else:
        await task
        assert sent(device) == DENY_METHODS
    assert site.fleet.access == {device.id: decision}


async def test_a_device_rejected_while_it_is_being_introduced_does_not_come_in(
    site: Site, device: Device, until: Until
) -> None:
    await site.part(device, await site.join(device))
    device.status["sys"]["cfg_rev"] += 1
    rejected: list[Any] = []

    def reject_first(_params: Any) -> Any:
        rejected.append(asyncio.ensure_future(site.room.reject([device.id])))
        return {"result": device.config}

    device.answers["Shelly.GetConfig"] = reject_first
    task = await knock(site, device)
    await task
    assert await rejected[0] == {"success": [device.id], "error": []}
    assert site.fleet.access == {device.id: "denied"}
    assert sent(device)[-2:] == DENY_METHODS
    assert not site.is_live(device)


async def test_without_a_database_a_device_waits_in_memory_and_cannot_be_decided_about(
    site: Site, device: Device, until: Until
) -> None:
    site.store.away = True
    task = await wait_in_room(site, device, until)
    for decide in (site.room.accept, site.room.reject):
        with pytest.raises(Exception, match="Unavailable"):
            await decide([device.id])
    assert site.fleet.access == {device.id: "pending"}
    assert not task.done()
    assert device.wire.sent == []
    site.store.away = False
    await site.room.accept([device.id])
    await until(lambda: site.is_live(device))


async def test_a_device_that_waited_and_is_admitted_by_a_rule_waits_no_more_after_a_restart(
    site: Site, device: Device, until: Until
) -> None:
    task = await wait_in_room(site, device, until)
    await site.part(device, task)
    site.verdict = Verdict(action="admit", reason="the door is open now")
    await site.join(device)
    assert site.room.pending() == []
    await until(lambda: site.store.access == {device.id: "allowed"})
