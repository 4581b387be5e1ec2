"""A real SMTP server of the test's own: what it offers and what it refuses is up to the test."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fleet_mail.settings import MailSettings

USER, PASSWORD = "mailer@example.org", "canary of the mail server"


@dataclass
class Postbox:
    """What came in, and what is refused.

    Attributes:
        letters: ``(sender, recipients, text)``.
        refused: Recipients that the server does not know.
        answer: To the end of a mail; a test may set another one.
    """

    port: int = 0
    letters: list[tuple[str, list[str], str]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    answer: str = "250 taken"
    logged_in: int = 0

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            content = envelope.content
            text = content.decode() if isinstance(content, bytes) else str(content)
            self.letters.append((str(envelope.mail_from), list(envelope.rcpt_tos), text))
        return self.answer

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logged_in += right
        return AuthResult(success=right, handled=False)

    def settings(self, **changed: Any) -> MailSettings:
        """Settings that fit the server."""
        values = {"host": "localhost", "port": self.port, "timeout_s": 20, "verify_certificate": False, **changed}
        return MailSettings.model_validate(values)


OpenPostbox = Callable[..., AbstractAsyncContextManager[Postbox]]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate of the server's own, which nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file: Path = tmp_path_factory.mktemp("smtp") / "both.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.fixture(scope="session")
def open_postbox(certificate: ssl.SSLContext) -> OpenPostbox:
    """``async with open_postbox(tls="starttls", login=True) as postbox``."""

    @asynccontextmanager
    async def open_it(tls: str = "starttls", *, login: bool = False) -> AsyncIterator[Postbox]:
        postbox = Postbox()

        def protocol() -> SMTP:
            return SMTP(
                postbox,
                hostname="localhost",
                tls_context=certificate if tls == "starttls" else None,
                require_starttls=tls == "starttls",
                authenticator=postbox.authenticate if login else None,
                auth_required=login,
                auth_require_tls=tls == "starttls",
            )

        loop = asyncio.get_running_loop()
        server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=certificate if tls == "tls" else None)
        async with server:
            postbox.port = server.sockets[0].getsockname()[1]
            yield postbox

    return open_it


@asynccontextmanager
async def tcp_server(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> AsyncIterator[int]:
    """A server that speaks as a test wants; gives its port. What still runs at the end is cut off."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await answer(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
