"""One device called over its own network: who it is, and its RPC over HTTP.

What answers may be anything: no redirect is followed, little is read, and its text is never passed on. The first thing
sent is a ``GET /shelly``, which changes nothing and tells a device of any generation from everything else.

Source: Shelly Gen2+ API, "RPC channels" and "Authentication"; a device of generation 1 answers the same address.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeGuard

import aiohttp
from pydantic import SecretStr

from fleet_discovery.addresses import Place
from fleet_discovery.digest import Challenge, prove, read_challenge
from plugin_sdk import JSON, JSONObject
from plugin_sdk.errors import Conflict, InvalidParams, Unavailable

REQUEST_S = 10.0
CONNECT_S = 5.0
VISIT_S = 40.0
"""For all that is asked of one device, so that one that answers drop by drop keeps nobody waiting."""
MAX_BYTES = 64 * 1024

_THROTTLE_S = 2.5
"""Firmware 2.0 turns callers away for 2 s while all its nonces are taken (Shelly Gen2+ API, "Nonce Tracking")."""

_ID = re.compile(r"[a-z0-9]{1,48}-[0-9a-f]{12}", re.IGNORECASE)
"""Most begin with ``shelly``; ``cury-…`` and ``irrigation-…`` are of dumps, too."""

_RPC = "/rpc"


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    challenge: str | None
    body: bytes

    def json(self) -> JSON:
        """The body; None where it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def is_device_id(text: str) -> bool:
    """Whether it is spelt like the id of a device of generation 2 or later."""
    return _ID.fullmatch(text) is not None


def is_generation(number: object) -> TypeGuard[int]:
    """Whether it is one that can be adopted; no device will ever be of the hundredth."""
    return type(number) is int and 2 <= number < 100


@asynccontextmanager
async def local_device(place: Place, password: SecretStr | None) -> AsyncIterator[LocalDevice]:
    """A device, with connections of its own that end with the context."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=2, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=REQUEST_S, sock_connect=CONNECT_S),
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
    ) as session:
        yield LocalDevice(session, place, password)


class LocalDevice:
    """A device in the local network.

    Attributes:
        place: Where it is.
    """

    def __init__(self, session: aiohttp.ClientSession, place: Place, password: SecretStr | None) -> None:
        self.place = place
        self._session = session
        self._password = password
        self._challenge: Challenge | None = None
        self._count = 0
        self._id = ""
        self._until = asyncio.get_running_loop().time() + VISIT_S

    async def identify(self) -> JSONObject:
        """What ``Shelly.GetDeviceInfo`` answers, with an ``id`` and a ``gen`` of 2 or more. Needs no password.

        Only then it can be called: a password is proved to the device that it said it is, so that nobody has it proved
        to another one.

        Raises:
            InvalidParams: What is there is no device that can be adopted.
            Unavailable: Nobody answers.
        """
        answer = await self._send("GET", "/shelly", None)
        info = answer.json() if answer.status == 200 else None
        if not isinstance(info, dict):
            raise InvalidParams.at("host", f"what answers at {self.place} is not a Shelly")
        if "gen" not in info and isinstance(info.get("type"), str) and isinstance(info.get("mac"), str):
            raise InvalidParams.at("host", "it is a device of generation 1, which cannot connect to a server this way")
        gen, name = info.get("gen"), info.get("id")
        if not is_generation(gen) or not isinstance(name, str) or not is_device_id(name):
            raise InvalidParams.at("host", f"what answers at {self.place} is not a Shelly of generation 2 or later")
        self._id = name.lower()
        return info

    async def call(self, method: str, params: Mapping[str, JSON] | None = None) -> JSON:
        """Call one of its methods; returns the result.

        Raises:
            InvalidParams: A password is needed, or it is wrong.
            Conflict: The device refuses.
            Unavailable: It does not answer, or not as a device does.
        """
        frame = {"id": 1, "method": method, **({"params": params} if params else {})}
        answer = await self._authorised("POST", _RPC, json.dumps(frame).encode())
        reply = answer.json()
        if answer.status == 403:
            raise Conflict("the device takes no calls; if it has no password, restart it: it may be set up for a while")
        if not isinstance(reply, dict) or ("result" not in reply and "error" not in reply):
            raise Unavailable(f"{self.place} answers {method} with HTTP status {answer.status}", part="device")
        if "result" in reply:
            return reply["result"]
        raise Conflict(f"the device refuses {method}: {_message(reply['error'])}")

    # ---- inside -----------------------------------------------------------------------------------------

    async def _authorised(self, method: str, target: str, body: bytes) -> _Answer:
        """Send a request, with a proof of the password where the device wants one."""
        answer = await self._send(method, target, body)
        for _ in range(2):  # a nonce that served before may be used up, which not every firmware says
            if answer.status == 429:
                await asyncio.sleep(_THROTTLE_S)
                answer = await self._send(method, target, body)
            if answer.status != 401:
                break
            fresh = self._count == 1
            challenge = read_challenge(answer.challenge)
            if challenge is None or challenge.realm.lower() != self._id:
                raise Unavailable(f"{self.place} asks for a password in a way that devices do not", part="device")
            if self._password is None:
                raise InvalidParams.at("password", "the device has a password, and none was given")
            if fresh and not challenge.stale:
                break
            self._challenge, self._count = challenge, 0
            answer = await self._send(method, target, body)
        if answer.status == 401:
            raise InvalidParams.at("password", "the device does not accept this password")
        if answer.status == 429:
            raise Unavailable("the device takes no more sign-ins for now; try again in a minute", part="device")
        return answer

    async def _send(self, method: str, target: str, body: bytes | None) -> _Answer:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self._challenge is not None and self._password is not None and body is not None:
            self._count += 1
            headers["Authorization"] = prove(
                self._challenge,
                self._password.get_secret_value(),
                method=method,
                target=target,
                count=self._count,
                cnonce=secrets.token_hex(8),
            )
        try:
            async with (
                asyncio.timeout_at(self._until),
                self._session.request(
                    method, f"{self.place.url}{target}", data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                read = await self._read(response)
                return _Answer(response.status, response.headers.get("WWW-Authenticate"), read)
        except TimeoutError as error:
            raise Unavailable(f"{self.place} does not answer in time", part="device") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unavailable(f"{self.place} cannot be reached: {_why(error)}", part="device") from error

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        body = b""
        async for piece in response.content.iter_chunked(MAX_BYTES):
            body += piece
            if len(body) > MAX_BYTES:
                raise Unavailable(f"what {self.place} answers is too long for a device", part="device")
        return body


def _why(error: Exception) -> str:
    """A system's word for it, or the kind of fault; never text of the other side."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return "it ended the connection" if isinstance(error, aiohttp.ServerDisconnectedError) else "no answer in HTTP"


def _message(error: JSON) -> str:
    text = error.get("message") if isinstance(error, dict) else None
    return "".join(each for each in str(text)[:200] if each.isprintable()) if isinstance(text, str) else "no reason"
