"""Mail over a real SMTP server, whatever that does."""

from __future__ import annotations

import asyncio
from email import message_from_string
from email.policy import default
from typing import TYPE_CHECKING, Any

import pytest

from fleet_mail.message import write
from fleet_mail.server import send, verify
from fleet_mail.settings import MailSettings
from plugin_sdk.errors import FleetError, InvalidParams, Unavailable

from .conftest import PASSWORD, USER, tcp_server

if TYPE_CHECKING:
    from .conftest import OpenPostbox

LETTER: dict[str, Any] = {
    "sender": "Fleet <fleet@example.org>",
    "to": ["Ann Ünal <ann@example.org>", "ben@example.org"],
    "subject": "Flood in the cellar of Zürich",
    "text": "Bring a bucket.",
    "html": "<p>Bring a <b>bucket</b>.</p>",
}


@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
async def test_a_mail_arrives_as_it_was_written(open_postbox: OpenPostbox, tls: str) -> None:
    async with open_postbox(tls, login=tls == "starttls") as postbox:
        login = {} if tls != "starttls" else {"username": USER, "password": PASSWORD}
        sent = await send(postbox.settings(tls=tls, **login), write(**LETTER))
    [(sender, recipients, text)] = postbox.letters
    assert (sender, recipients) == ("fleet@example.org", ["ann@example.org", "ben@example.org"])
    found = message_from_string(text, policy=default)
    assert sent == {"messageId": found["Message-ID"], "accepted": recipients, "rejected": []}
    assert found["Subject"] == LETTER["subject"]
    assert found["To"] == "Ann Ünal <ann@example.org>, ben@example.org"
    assert [part.get_content().strip() for part in found.walk() if not part.is_multipart()] == [
        LETTER["text"],
        LETTER["html"],
    ]


async def test_a_recipient_that_is_refused_costs_the_others_nothing(open_postbox: OpenPostbox) -> None:
    async with open_postbox("none") as postbox:
        postbox.refused = {"ben@example.org"}
        sent = await send(postbox.settings(tls="none"), write(**LETTER))
        assert (sent["accepted"], sent["rejected"]) == (["ann@example.org"], ["ben@example.org"])
        postbox.refused = {"ann@example.org", "ben@example.org"}
        with pytest.raises(InvalidParams) as refused:
            await send(postbox.settings(tls="none"), write(**LETTER))
    assert refused.value.data["errors"] == [
        {"path": "to", "message": f"{name}@example.org: 550 5.1.1 no such user"} for name in ("ann", "ben")
    ]


async def test_a_mail_that_is_refused_says_why(open_postbox: OpenPostbox) -> None:
    async with open_postbox("none") as postbox:
        postbox.answer = "554 5.7.1 looks like spam"
        assert "says: 554 5.7.1 looks like spam" in await failure(postbox.settings(tls="none"), "refused")


async def test_a_wrong_password_says_so(open_postbox: OpenPostbox) -> None:
    async with open_postbox(login=True) as postbox:
        settings = postbox.settings(username=USER, password="wrong")
        with pytest.raises(Unavailable) as refused:
            await verify(settings)
        assert (refused.value.data["reason"], "refuses user name or password: 535" in str(refused.value)) == (
            "login",
            True,
        )
        await verify(postbox.settings(username=USER, password=PASSWORD))
        assert postbox.logged_in == 1


async def test_a_certificate_that_nobody_trusts_is_not_trusted(open_postbox: OpenPostbox) -> None:
    for tls in ("starttls", "tls"):
        async with open_postbox(tls) as postbox:
            settings = postbox.settings(tls=tls, verify_certificate=True)
            assert "not trusted" in await failure(settings, "certificate")
            assert postbox.letters == []


async def test_encryption_that_does_not_fit_says_so(open_postbox: OpenPostbox) -> None:
    async with open_postbox("none") as postbox:
        assert "STARTTLS" in await failure(postbox.settings(tls="starttls"), "unsupported")
        assert "perhaps it wants starttls" in await failure(postbox.settings(tls="tls"), "tls")
    async with open_postbox("starttls") as postbox:
        assert "530 Must issue a STARTTLS" in await failure(postbox.settings(tls="none"), "refused")


async def test_a_server_that_is_not_there_says_so(open_postbox: OpenPostbox) -> None:
    async with open_postbox() as postbox:
        settings = postbox.settings()
    assert "cannot be reached" in await failure(settings, None)


@pytest.mark.parametrize("host", ["a..b", ".", "x" * 70 + ".example"])
async def test_a_name_that_no_server_can_have_says_so(host: str) -> None:
    assert "not the name of a server" in await failure(MailSettings(host=host, tls="none"), None)


async def test_a_server_that_says_nothing_is_given_up(open_postbox: OpenPostbox) -> None:
    async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with tcp_server(say_nothing) as port:
        settings = MailSettings(host="127.0.0.1", port=port, tls="none", timeout_s=0.2)
        assert "did not answer within 0.2 s" in await failure(settings, None)


async def test_a_server_that_dribbles_is_given_up_as_well() -> None:
    async def dribble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"220-still here\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with tcp_server(dribble) as port:
        settings = MailSettings(host="127.0.0.1", port=port, tls="none", timeout_s=0.5)
        await failure(settings, None)


@pytest.mark.parametrize("greeting", [b"SSH-2.0-x\r\n", b"\x00\xff\r\n", b"", b"421 busy\r\n", b"x" * 100_000])
async def test_what_is_no_mail_server_says_so(greeting: bytes) -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()

    async with tcp_server(greet) as port:
        with pytest.raises(Unavailable, match="127"):
            await verify(MailSettings(host="127.0.0.1", port=port, tls="none", timeout_s=5))


async def failure(settings: MailSettings, reason: str | None) -> str:
    """What sending a mail says; it always is an error that a caller can act on."""
    with pytest.raises(Unavailable) as refused:
        await send(settings, write(**LETTER))
    error: FleetError = refused.value
    assert error.data["part"] == "mail server"
    assert error.data.get("reason") == reason, error
    assert settings.password.get_secret_value() not in str(error) or not settings.password.get_secret_value()
    return str(error)
