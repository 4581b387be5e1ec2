"""Mails as text that goes over the wire: addresses checked, headers that nobody can add to. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import Any

from plugin_sdk.errors import InvalidParams

MAX_RECIPIENTS = 100

_HEADERS = HeaderRegistry()
_HALF_PAIR = re.compile(r"[\ud800-\udfff]")
_MAILBOX = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail that is ready.

    Attributes:
        id: Its ``Message-ID``, in angle brackets.
        sender: Address of the envelope.
        recipients: Addresses of the envelope.
        content: Headers and text, as they go over the wire.
    """

    id: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes


def write(*, sender: str, to: str | Sequence[str], subject: str, text: str | None, html: str | None) -> Letter:
    """Write a mail. Takes up to a second for the longest ones.

    Args:
        sender: ``name@domain`` or ``Name <name@domain>``.
        to: The same, one or more, separated by commas or as a list.

    Raises:
        InvalidParams: An address is none, a header holds a line break, or there is nothing that can be said.
    """
    if not text and not html:
        raise InvalidParams.at("text", "text or html is needed")
    for where, body in (("text", text), ("html", html)):
        if _HALF_PAIR.search(body or ""):
            raise InvalidParams.at(where, "holds half of a surrogate pair")
    if not _is_line(subject):
        raise InvalidParams.at("subject", "is one line")
    [author] = _addresses("from", [sender])[:1]
    recipients = _addresses("to", [to] if isinstance(to, str) else to)
    message = EmailMessage(policy=SMTP)
    message["From"] = author
    message["To"] = recipients
    message["Subject"] = subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=author.domain)
    message["Auto-Submitted"] = "auto-generated"
    if text:
        message.set_content(text)
        if html:
            message.add_alternative(html, subtype="html")
    else:
        message.set_content(html or "", subtype="html")
    unique = dict.fromkeys(address.addr_spec for address in recipients)
    return Letter(
        id=str(message["Message-ID"]),
        sender=author.addr_spec,
        recipients=tuple(unique),
        content=message.as_bytes(),
    )


def _addresses(where: str, given: Sequence[str]) -> list[Address]:
    if not all(map(_is_line, given)):
        raise InvalidParams.at(where, "is one line")
    found: list[Address] = []
    for text in given:
        found += _parsed(where, text)
        if len(found) > MAX_RECIPIENTS:
            raise InvalidParams.at(where, f"has {MAX_RECIPIENTS} addresses at most")
    if not found or (where == "from" and len(found) > 1):
        raise InvalidParams.at(where, "has one address" if where == "from" else "names somebody")
    return [_address(where, address) for address in found]


def _parsed(where: str, text: str) -> Sequence[Address]:
    try:
        header: Any = _HEADERS("To", text)
    except (ValueError, IndexError, AttributeError, RecursionError, HeaderParseError):
        # What the parser trips over is no address.
        raise _no_address(where, text) from None
    if header.defects:
        raise _no_address(where, text)
    found: Sequence[Address] = header.addresses
    return found


def _no_address(where: str, text: str) -> InvalidParams:
    return InvalidParams.at(where, f"{text[:100]!r} is not an address")


def _address(where: str, address: Address) -> Address:
    mailbox = address.addr_spec
    if not _MAILBOX.fullmatch(mailbox):
        raise _no_address(where, mailbox)
    user, _, domain = mailbox.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
        user.encode("ascii")
        return Address(display_name=address.display_name, username=user, domain=ascii_domain)
    except (UnicodeError, ValueError, IndexError):
        raise InvalidParams.at(where, f"{mailbox[:100]!r} is not an address that every server takes") from None


def _is_line(text: str) -> bool:
    """Whether a text can be one header line: no line break of any kind, no control character."""
    return not re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]", text)
