"""``Mail``, ``Mdns``, ``Web`` and ``plugin:<name>`` (reference 3.7 to 3.11)."""

from __future__ import annotations

import json

from .conftest import OldClient
from .shapes import ANY, Either


async def test_mail(ui: OldClient) -> None:
    await ui.call("Mail.GetConfig", shape={"enable": bool, ...: ANY})
    await ui.call("Mail.GetStatus", shape={"verify": Either(bool, None), "verifyTs": int, "verifyError": ANY, ...: ANY})
    letter = {"from": "a@example.org", "to": "b@example.org", "subject": "s", "text": "t", "html": "<p>t</p>"}
    error = await ui.refused("Mail.Send", letter)
    assert "[object Object]" not in error["message"]
    transport = {"host": "127.0.0.1", "port": 9, "auth": {"user": "u", "pass": "correct horse"}}
    await ui.call("Mail.SetConfig", {"config": {"enable": False, "transport": transport}})
    assert "correct horse" not in json.dumps(await ui.call("Mail.GetConfig"))
    assert "correct horse" not in json.dumps(await ui.call("FleetManager.GetConfig"))


async def test_mdns(ui: OldClient) -> None:
    await ui.call("Mdns.GetConfig", shape={"enable": False, ...: ANY})
    await ui.call("Mdns.GetStatus", shape={"running": False, ...: ANY})
    for enable in (True, False):
        answer = await ui.call("Mdns.SetConfig", {"config": {"enable": enable}})
        assert answer == {"component": "mdns", "event": "config_changed"}
        assert (await ui.call("Mdns.GetConfig"))["enable"] is enable
        assert (await ui.call("Mdns.GetStatus"))["running"] is enable


async def test_web(ui: OldClient) -> None:
    settings = await ui.call("Web.GetConfig", shape={"port": int, ...: ANY})
    assert "jwt_token" not in settings
    await ui.call("Web.GetStatus", shape={...: ANY})
    assert (await ui.refused("Web.SetConfig", {"config": {"port": "seven"}}))["code"] == -32602
    await ui.call("Web.SetConfig", {"config": {"port": 7111}})
    assert (await ui.call("Web.GetConfig"))["port"] == 7111  # kept, for the next start


async def test_plugins_start_and_stop(ui: OldClient) -> None:
    await ui.subscribe("NotifyEvent")
    await ui.call("plugin:greetings.GetConfig", shape={"enable": True, ...: ANY})
    await ui.call("plugin:greetings.GetStatus", shape={"state": "running", ...: ANY})
    assert (await ui.call("Greetings.SayHello", {"name": "you"}))["greeting"].startswith("Hello")
    for enable in (False, True):
        answer = await ui.call("plugin:greetings.SetConfig", {"config": {"enable": enable}})
        assert answer == {"component": "plugin:greetings", "event": "config_changed"}
        notice = await ui.event("NotifyEvent")
        assert notice["events"][0]["component"] == "plugin:greetings"
        reply = await ui.ask("greetings.sayhello")
        assert ("result" in reply) is enable
