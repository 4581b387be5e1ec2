"""Settings in the form of the predecessor's clients."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from fleet_mail.settings import MailConfig, MailSettings, patch_of, shown

SET = MailSettings.model_validate({"host": "smtp.example.org", "username": "u", "password": "canary"})


def patch(config: dict[str, Any], present: MailSettings = SET) -> dict[str, Any]:
    return patch_of(MailConfig.model_validate(config), present)


def test_a_transport_becomes_settings() -> None:
    transport = {"host": "mail.example.org", "port": 465, "secure": True, "auth": {"user": "a", "pass": "b"}}
    assert patch({"enable": True, "from": "x@example.org", "transport": transport}) == {
        "sending": True,
        "from_address": "x@example.org",
        "host": "mail.example.org",
        "port": 465,
        "tls": "tls",
        "verify_certificate": True,
        "username": "a",
        "password": "b",
    }
    assert patch({"transport": {"host": "h", "ignoreTLS": True}})["tls"] == "none"
    assert patch({"transport": {"host": "h", "secure": True}})["port"] == 465
    assert patch({"enable": False}) == {"sending": False}


@pytest.mark.parametrize(
    ("transport", "stays"),
    [
        ({"host": "SMTP.example.org", "auth": {"user": "u"}}, True),
        ({"host": "smtp.example.org", "auth": {"user": "other"}}, True),
        ({"host": "smtp.evil.example", "auth": {"user": "u"}}, False),
        ({"host": "smtp.example.org", "port": 2525, "auth": {"user": "u"}}, False),
        ({"host": "smtp.example.org", "ignoreTLS": True, "auth": {"user": "u"}}, False),
        ({"host": "smtp.example.org", "tls": {"rejectUnauthorized": False}, "auth": {"user": "u"}}, False),
        ({"host": "smtp.example.org"}, False),
    ],
)
def test_a_password_stays_with_its_server(transport: dict[str, Any], stays: bool) -> None:
    assert ("password" not in patch({"transport": transport})) is stays


def test_the_password_is_never_shown() -> None:
    assert shown(SET) == {
        "enable": True,
        "from": "",
        "transport": {
            "host": "smtp.example.org",
            "port": 587,
            "secure": False,
            "ignoreTLS": False,
            "tls": {"rejectUnauthorized": True},
            "auth": {"user": "u"},
        },
    }
    assert shown(MailSettings()) == {"enable": False, "from": ""}
    assert patch({"transport": shown(SET)["transport"]}, SET).get("password") is None


@pytest.mark.parametrize("host", ["a b", "a\r\nb", "x" * 256, "a/b"])
def test_a_strange_host_is_refused(host: str) -> None:
    with pytest.raises(ValidationError):
        MailConfig.model_validate({"transport": {"host": host}})
