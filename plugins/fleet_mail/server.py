"""Talking to the SMTP server. Whatever it does, there is an answer within the time-out, and it says what is wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiosmtplib

from fleet_mail.message import Letter
from fleet_mail.settings import MailSettings
from plugin_sdk import JSONObject
from plugin_sdk.errors import FleetError, InvalidParams, Unavailable

_PART = "mail server"
_LOGIN_NEEDED = 530
"""Said for a missing STARTTLS, too. Source: RFC 4954 section 6, RFC 3207 section 4."""


async def verify(settings: MailSettings) -> None:
    """Connect and log in.

    Raises:
        Unavailable: That is not possible; says why.
    """
    async with _deadline(settings), _session(settings):
        pass


async def send(settings: MailSettings, letter: Letter) -> JSONObject:
    """Send a mail: ``{messageId, accepted, rejected}``. It may go to some recipients only.

    Raises:
        Unavailable: The server cannot be used, or refuses the mail; says why.
        InvalidParams: It refuses the sender, or each recipient.
    """
    async with _deadline(settings), _session(settings) as server:
        try:
            refused, _ = await server.sendmail(letter.sender, list(letter.recipients), letter.content)
        except aiosmtplib.SMTPSenderRefused as error:
            if error.code < 500 or error.code == _LOGIN_NEEDED:
                raise  # that is not about who sends
            raise InvalidParams.at("from", f"the server refuses it: {_said(error)}") from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise InvalidParams(
                [{"path": "to", "message": f"{each.recipient}: {_said(each)}"} for each in error.recipients]
            ) from error
        accepted = [each for each in letter.recipients if each not in refused]
        return {"messageId": letter.id, "accepted": accepted, "rejected": sorted(refused)}


@asynccontextmanager
async def _deadline(settings: MailSettings) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(settings.timeout_s) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise Unavailable(f"{_place(settings)} did not answer within {settings.timeout_s:g} s", part=_PART) from None


@asynccontextmanager
async def _session(settings: MailSettings) -> AsyncIterator[aiosmtplib.SMTP]:
    server = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        use_tls=settings.tls == "tls",
        start_tls=settings.tls == "starttls",
        tls_context=_context(settings) if settings.tls != "none" else None,
        timeout=settings.timeout_s,
    )
    try:
        try:
            await server.connect()
            if settings.username:
                await server.login(settings.username, settings.password.get_secret_value())
            yield server
            with suppress(aiosmtplib.SMTPException):  # what had to be done is done
                await server.quit()
        except FleetError:
            raise
        except (aiosmtplib.SMTPException, OSError, UnicodeError) as error:
            raise _unavailable(settings, error) from error
    finally:
        server.close()


def _context(settings: MailSettings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not settings.verify_certificate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _unavailable(settings: MailSettings, error: Exception) -> Unavailable:
    text, reason = _what_is_wrong(settings, error)
    return Unavailable(f"{_place(settings)} {text}", part=_PART, reason=reason)


def _what_is_wrong(settings: MailSettings, error: Exception) -> tuple[str, str | None]:
    """A sentence about the server, and a word for programs."""
    cause = error.__cause__ or error.__context__ or error
    reason = None
    match error, cause:
        case aiosmtplib.SMTPAuthenticationError(), _:
            text, reason = f"refuses user name or password: {_said(error)}", "login"
        case aiosmtplib.SMTPResponseException(), _:
            text, reason = f"says: {_said(error)}", "refused"
        case _, ssl.SSLCertVerificationError():
            text, reason = f"has a certificate that is not trusted: {cause.verify_message}", "certificate"
        case aiosmtplib.SMTPException(message=str(told)), _ if "not supported" in told:
            text, reason = f"cannot do what is asked of it: {told}", "unsupported"
        case _, ssl.SSLError():
            text, reason = "does not speak TLS from the first byte; perhaps it wants starttls", "tls"
        case UnicodeError(), _:
            text = "cannot be reached: that is not the name of a server"
        case aiosmtplib.SMTPTimeoutError() | TimeoutError(), _:
            text = f"did not answer within {settings.timeout_s:g} s"
        case _, OSError(strerror=str(told)):
            text = f"cannot be reached: {told}"
        case _:
            text = f"cannot be used: {str(error)[:200] or type(error).__name__}"
    return text, reason


def _place(settings: MailSettings) -> str:
    return f"{settings.host}:{settings.port}"


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    """Code and text of a refusal, on one line."""
    return f"{error.code} {' '.join(error.message.split())}"[:300]
