"""Web requests that devices make by themselves: webhooks, ``HTTP.GET``. One client for all devices of a simulator.

It starts with the first request. At most ``WORKERS`` requests are under way at once, at most ``PER_DEVICE`` of one
device; beyond ``WAITING`` requests that wait, the newest is dropped and counted.

Simulated devices reach nothing but this machine unless the simulator says so: whatever else an address names is
refused, a redirect too, and no name but ``localhost`` is even looked up.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import socket
import ssl
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from fleet_platform.simulator.outbound.trust import context

if TYPE_CHECKING:
    from fleet_platform.simulator.world import Stats

_log = logging.getLogger(__name__)

WORKERS = 16
PER_DEVICE = 2
WAITING = 256
LARGEST_ANSWER = 16_384
"""Bytes of a body (Shelly Gen2+ API, "HTTP")."""

_CLOSE_S = 2.0
_PLAIN = re.compile("[!-~]+")

Problem: TypeAlias = Literal["timeout", "unresolved", "unreachable", "closed", "too_big", "bad_url", "busy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebRequest:
    """A request.

    Attributes:
        method: ``GET``.
        url: Address with ``http`` or ``https``.
        headers: Beside those that any client sends.
        body: None for none.
        timeout_s: Seconds for all of it.
        ssl_ca: ``*`` for any certificate, else the PEM of whom to trust, empty for nobody; None for whom the system
            trusts.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout_s: float = 10.0
    ssl_ca: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAnswer:
    """An answer, whatever its status."""

    code: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


Tell: TypeAlias = Callable[[WebAnswer | Problem], None]


class _Refused(OSError):
    """An address beyond this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    device: str
    request: WebRequest
    tell: Tell


class WebClient:
    """The client.

    Args:
        stats: Counts requests, failures, refusals and drops.
        outgoing: Whether devices may reach beyond this machine.
    """

    def __init__(self, stats: Stats, *, outgoing: bool = False) -> None:
        self._stats = stats
        self._outgoing = outgoing
        self._waiting: deque[_Waiting] = deque()
        self._running: Counter[str] = Counter()
        self._changed = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._closed = False
        self._warned = False

    def send(self, device: str, request: WebRequest, tell: Tell) -> None:
        """Make a request; ``tell`` is called once, later, unless the simulator stops before."""
        if self._closed:
            return
        if len(self._waiting) >= WAITING:
            self._stats.web_dropped += 1
            asyncio.get_running_loop().call_soon(tell, "busy")
            return
        self._waiting.append(_Waiting(device=device, request=request, tell=tell))
        self._changed.set()
        if self._work is None:
            self._work = asyncio.create_task(self._run(), name="simulator web client")

    async def close(self) -> None:
        """End all requests."""
        self._closed = True
        self._waiting.clear()
        if self._work is not None:
            self._work.cancel()
            with suppress(asyncio.CancelledError, TimeoutError):
                async with asyncio.timeout(_CLOSE_S):
                    await self._work

    async def _run(self) -> None:
        connector = (
            aiohttp.TCPConnector(limit=WORKERS)
            if self._outgoing
            else aiohttp.TCPConnector(limit=WORKERS, resolver=_Loopback(), socket_factory=_loopback_socket)
        )
        # Devices keep no cookies and no connections.
        async with (
            aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
            asyncio.TaskGroup() as workers,
        ):
            for _ in range(WORKERS):
                workers.create_task(self._worker(session))

    async def _worker(self, session: aiohttp.ClientSession) -> None:
        while True:
            found = self._take()
            if found is None:
                self._changed.clear()
                await self._changed.wait()
                continue
            self._running[found.device] += 1
            try:
                outcome = await self._ask(session, found.request)
                self._stats.web_failures += not isinstance(outcome, WebAnswer)
                found.tell(outcome)
            except Exception:
                # What one device asked for, or made of the answer, must not end the client of all the others.
                _log.exception("a web request of simulated %s failed", found.device)
            finally:
                self._stats.web_requests += 1
                self._running[found.device] -= 1
                self._running += Counter()  # forget devices that have none
                self._changed.set()

    def _take(self) -> _Waiting | None:
        """The first that waits and whose device has not enough under way."""
        for at, waiting in enumerate(self._waiting):
            if self._running[waiting.device] < PER_DEVICE:
                del self._waiting[at]
                return waiting
        return None

    async def _ask(self, session: aiohttp.ClientSession, request: WebRequest) -> WebAnswer | Problem:
        try:
            # What is fit to be sent is sent as it is: yarl would spell ``%3A`` otherwise.
            url = URL(request.url, encoded=_PLAIN.fullmatch(request.url) is not None)
            if url.scheme not in ("http", "https") or not url.host:
                return "bad_url"
            async with (
                asyncio.timeout(request.timeout_s),
                session.request(
                    request.method,
                    url,
                    headers=request.headers,
                    data=request.body,
                    ssl=context(request.ssl_ca),
                    timeout=aiohttp.ClientTimeout(total=None),
                ) as response,
            ):
                body = await response.content.read(LARGEST_ANSWER + 1)
                while len(body) <= LARGEST_ANSWER and (more := await response.content.read(LARGEST_ANSWER)):
                    body += more
                if len(body) > LARGEST_ANSWER:
                    return "too_big"
                headers = {str(name): value for name, value in response.headers.items()}
                return WebAnswer(code=response.status, reason=response.reason or "", headers=headers, body=body)
        except TimeoutError:
            return "timeout"
        except (aiohttp.ClientError, OSError) as err:  # first, for a certificate that is refused is a ValueError too
            return self._problem(err)
        except ValueError:
            return "bad_url"

    def _problem(self, err: Exception) -> Problem:
        if isinstance(err, aiohttp.InvalidURL):
            return "bad_url"
        if _is_refusal(err):
            self._stats.web_refused += 1
            if not self._warned:
                self._warned = True
                _log.warning("simulated devices may reach nothing beyond this machine; see `outgoing`")
            return "unreachable"
        if isinstance(err, aiohttp.ClientConnectorDNSError):
            return "unresolved"
        return "unreachable" if isinstance(err, aiohttp.ClientConnectorError | ssl.SSLError) else "closed"


class _Loopback(AbstractResolver):
    """Knows one name only, and asks nobody."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - as resolvers have it
    ) -> list[ResolveResult]:
        if host.rstrip(".").lower() != "localhost":
            raise _Refused(f"{host} is not this machine")
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]

    async def close(self) -> None:
        """Nothing is open."""


def _loopback_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket for an address, numbers included, which no resolver sees; ``Any`` is what aiohttp hands over."""
    family, kind, protocol, _, (host, *_rest) = address
    if not ipaddress.ip_address(host).is_loopback:
        raise _Refused(f"{host} is not this machine")
    return socket.socket(family, kind, protocol)


def _is_refusal(err: BaseException) -> bool:
    found: BaseException | None = err
    while found is not None:
        if isinstance(found, _Refused) or isinstance(getattr(found, "os_error", None), _Refused):
            return True
        found = found.__cause__
    return False
