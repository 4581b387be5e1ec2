"""``Mail.*`` on a real platform with a real SMTP server."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from fleet_mail import plugin
from fleet_mail.message import write
from fleet_mail.plugin import AT_ONCE, MAX_WAITING

from .conftest import PASSWORD, USER, Postbox, tcp_server

if TYPE_CHECKING:
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

    from .conftest import OpenPostbox

LETTER = {"to": "ann@example.org", "subject": "s", "text": "t"}


def transport(postbox: Postbox, **changed: Any) -> dict[str, Any]:
    return {
        "host": "localhost",
        "port": postbox.port,
        "tls": {"rejectUnauthorized": False},
        "auth": {"user": USER, "pass": PASSWORD},
        **changed,
    }


async def test_a_server_is_set_tried_and_used_and_its_password_told_to_nobody(
    fleet: TestedFleet, rpc: Rpc, open_postbox: OpenPostbox, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="fleet"):
        for method, params in (("Mail.Send", LETTER), ("Mail.Verify", {})):
            with pytest.raises(rpc.Error) as unset:
                await rpc(method, params)
            assert (unset.value.code, "no mail server is set" in str(unset.value.data)) == (-32050, True)
        assert await rpc("Mail.GetStatus") == {"verify": None, "verifyTs": 0, "verifyError": None}
        async with open_postbox(login=True) as postbox, rpc.events("*") as events:
            changed = await rpc("Mail.SetConfig", {"config": {"enable": True, "transport": transport(postbox)}})
            assert changed == {"component": "mail", "event": "config_changed"}
            event: Any = await anext(events)

            async def was_tried() -> bool:
                return bool((await rpc("Mail.GetStatus"))["verify"])

            await fleet.until(was_tried)  # by itself, because the server changed
            assert (await rpc("Mail.Verify"))["verify"] is True
            sent = await rpc("Mail.Send", LETTER)
            assert (sent["accepted"], sent["rejected"]) == (["ann@example.org"], [])
            assert postbox.letters[0][0] == USER  # without a sender it is the name at the server
            await rpc("Mail.SetConfig", {"config": {"from": "Fleet <fleet@example.org>"}})
            await rpc("Mail.Send", LETTER)
            await rpc("Mail.Send", {**LETTER, "from": "x@example.org"})
            assert [letter[0] for letter in postbox.letters[1:]] == ["fleet@example.org", "x@example.org"]
            await rpc("Mail.SetConfig", {"config": {"transport": transport(postbox, auth={"user": USER})}})
            assert (await rpc("Mail.Verify"))["verify"] is True, "the password stayed"
            await rpc("Mail.SetConfig", {"config": {"transport": transport(postbox, auth={"user": USER, "pass": "x"})}})
            with pytest.raises(rpc.Error) as wrong:
                await rpc("Mail.Verify")
            assert wrong.value.data["reason"] == "login"
            assert "user name or password" in (await rpc("Mail.GetStatus"))["verifyError"]
            await rpc("Mail.SetConfig", {"config": {"enable": False}})
            with pytest.raises(rpc.Error, match="-32050"):
                await rpc("Mail.Send", LETTER)
        told = [await rpc(each) for each in ("Mail.GetConfig", "plugin:mail.GetConfig", "FleetManager.GetConfig")]
        assert told[0]["enable"] is False
    assert PASSWORD not in json.dumps([told, event.params])
    assert PASSWORD not in caplog.text


async def test_what_does_not_fit_is_refused_and_changes_nothing(rpc: Rpc) -> None:
    before = await rpc("Mail.GetConfig")
    configs: list[dict[str, Any]] = [
        {},
        {"enable": None},
        {"transport": {}},
        {"transport": {"host": "a b"}},
        {"transport": {"host": "h", "port": 0}},
        {"transport": {"host": "h", "proxy": "socks5://x"}},
        {"transport": {"host": "h", "auth": {"type": "oauth2"}}},
        {"stray": 1},
    ]
    for config in configs:
        with pytest.raises(rpc.Error) as refused:
            await rpc("Mail.SetConfig", {"config": config})
        assert refused.value.code == -32602, config
    assert await rpc("Mail.GetConfig") == before
    await rpc("Mail.SetConfig", {"config": {"enable": False, "transport": {"host": "127.0.0.1"}}})
    await rpc("Mail.SetConfig", {"config": {"enable": True}})
    for letter in ({}, {**LETTER, "subject": "a\r\nBcc: b@c"}, {**LETTER, "to": "nobody"}, LETTER):
        with pytest.raises(rpc.Error) as refused:
            await rpc("Mail.Send", letter)
        assert refused.value.code == -32602, "the last one has no sender"


async def test_more_mails_than_can_wait_are_refused_and_the_others_end(rpc: Rpc) -> None:
    silent = asyncio.Event()

    async def say_nothing_yet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.write(b"421 busy\r\n")
        await writer.drain()

    async with tcp_server(say_nothing_yet) as port:
        config = {"host": "127.0.0.1", "port": port, "tls": "none", "timeout_s": 60, "sending": True}
        await rpc("plugin:mail.SetConfig", {"config": config})
        letters = [
            asyncio.ensure_future(rpc("Mail.Send", {**LETTER, "from": "a@example.org"}, timeout_s=60))
            for _ in range(AT_ONCE + MAX_WAITING + 3)
        ]
        refused, waiting = await asyncio.wait(letters, return_when=asyncio.FIRST_COMPLETED)
        silent.set()
        codes = [
            getattr(outcome, "code", 0) for outcome in await asyncio.gather(*refused, *waiting, return_exceptions=True)
        ]
    assert codes.count(-32029) == 3
    assert codes.count(-32050) == AT_ONCE + MAX_WAITING


async def test_a_mail_is_written_beside_the_event_loop(
    rpc: Rpc, open_postbox: OpenPostbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    writers: list[threading.Thread] = []

    def seen(**letter: Any) -> Any:
        writers.append(threading.current_thread())
        return write(**letter)

    monkeypatch.setattr(plugin, "write", seen)
    async with open_postbox(login=True) as postbox:
        await rpc("Mail.SetConfig", {"config": {"enable": True, "transport": transport(postbox)}})
        await rpc("Mail.Send", LETTER)
    assert len(postbox.letters) == 1
    assert threading.main_thread() not in writers
