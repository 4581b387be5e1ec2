"""Mails are what their writers meant, and nothing else."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_mail.message import write
from plugin_sdk.errors import InvalidParams

BASE: dict[str, Any] = {"sender": "a@example.org", "to": "b@example.org", "subject": "s", "text": "t", "html": None}
BREAKS = ["\n", "\r", "\r\n", "\0", "\x0b", "\x85", "\u2028", "\ud800"]


@pytest.mark.parametrize("field", ["sender", "to", "subject"])
@pytest.mark.parametrize("line_break", BREAKS)
def test_no_field_can_hold_a_second_line(field: str, line_break: str) -> None:
    with pytest.raises(InvalidParams):
        write(**{**BASE, field: f"{BASE[field]}{line_break}Bcc: everybody@example.org"})


@given(st.text(max_size=100), st.text(max_size=100), st.text(max_size=100))
def test_whatever_is_written_has_the_headers_of_one_mail(name: str, subject: str, to: str) -> None:
    try:
        letter = write(**{**BASE, "sender": f'"{name}" <a@example.org>', "subject": subject, "to": to})
    except InvalidParams:
        return
    found = message_from_bytes(letter.content, policy=default)
    names = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"}
    assert set(found) == names | {"Content-Type", "Content-Transfer-Encoding"}
    assert all("@" in each and len(each.split()) == 1 for each in letter.recipients)


@pytest.mark.parametrize(
    "to",
    ["(" * 1_900, "", "b", "@example.org", "b@", "b@x y", ["b@example.org", "c"], "bö@example.org", ", ,", "<>", []],
)
def test_what_is_no_address_is_refused(to: Any) -> None:
    with pytest.raises(InvalidParams):
        write(**{**BASE, "to": to})


def test_addresses_are_taken_in_all_usual_forms() -> None:
    letter = write(**{**BASE, "to": ["Ann <a@example.org>, b@example.org", "a@example.org", "c@bücher.example"]})
    assert letter.recipients == ("a@example.org", "b@example.org", "c@xn--bcher-kva.example")


def test_there_is_one_sender_and_something_to_say() -> None:
    for changed in ({"sender": "a@example.org, b@example.org"}, {"text": ""}, {"to": ["b@example.org"] * 101}):
        with pytest.raises(InvalidParams):
            write(**{**BASE, **changed})
    for field in ("text", "html"):
        with pytest.raises(InvalidParams):
            write(**{**BASE, field: "half a pair: \ud800"})
    assert b"Content-Type: text/html" in write(**{**BASE, "text": None, "html": "<p>x</p>"}).content
