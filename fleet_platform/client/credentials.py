"""Who a client is: a token or a name with a password. Neither ever shows in a repr."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import aiohttp

from fleet_platform.client.errors import NotSignedIn, RpcError, Unreachable, unreachable
from plugin_sdk.errors import PermissionDenied

HTTP_TIMEOUT_S = 15.0

_SUB_PROTOCOL = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What may stand in ``Sec-WebSocket-Protocol``. Source: RFC 9110 section 5.6.2, token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A bearer token, with the token that renews it where there is one."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """For HTTP requests."""
        return {"Authorization": f"Bearer {self.access}"}

    @property
    def protocols(self) -> tuple[str, ...]:
        """The token as websocket sub-protocol, as browsers send it; empty if its characters do not allow that."""
        return (self.access,) if _SUB_PROTOCOL.fullmatch(self.access) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """A name and a password, sent with each connection."""

    name: str
    password: str = field(repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """For HTTP requests. Source: RFC 7617."""
        return {"Authorization": f"Basic {b64encode(f'{self.name}:{self.password}'.encode()).decode()}"}

    @property
    def protocols(self) -> tuple[str, ...]:
        """None: base64 is no legal sub-protocol."""
        return ()


Credentials: TypeAlias = Token | Password


async def sign_in(url: str, name: str, password: str) -> Token:
    """Exchange a name and a password for a token.

    Args:
        url: Base address of the platform: ``http://127.0.0.1:7011``.

    Raises:
        NotSignedIn: The platform does not know that name with that password.
        RpcError: It refuses for another reason (too many attempts).
        Unreachable: It cannot be reached.
    """
    async with aiohttp.ClientSession() as session:
        answer = await post(session, f"{url}/rpc/User.Authenticate", {"username": name, "password": password})
    return Token(access=answer["access_token"], refresh=answer.get("refresh_token"))


async def renew(session: aiohttp.ClientSession, url: str, token: Token) -> Token:
    """A fresh access token for the same user.

    Raises:
        NotSignedIn: There is no refresh token, or it is no longer accepted.
        Unreachable: The platform cannot say now.
    """
    if token.refresh is None:
        raise NotSignedIn(f"{url} does not accept the token")
    try:
        answer = await post(session, f"{url}/rpc/User.Refresh", {"refresh_token": token.refresh})
    except RpcError as error:
        kind = NotSignedIn if error.code == PermissionDenied.code else Unreachable
        raise kind(f"{url} does not renew the token: {error.message}") from error
    return replace(token, access=answer["access_token"], refresh=answer.get("refresh_token", token.refresh))


async def post(
    session: aiohttp.ClientSession,
    url: str,
    body: Any,
    *,
    headers: Mapping[str, str] | None = None,
    timeout_s: float | None = HTTP_TIMEOUT_S,
) -> Any:
    """POST JSON and return the decoded answer.

    Raises:
        NotSignedIn: 401.
        RpcError: Another error with an error envelope.
        Unreachable: No connection, or no JSON came back.
    """
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    try:
        async with session.post(url, json=body, headers=headers, timeout=timeout) as response:
            answer = await response.json(content_type=None)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise unreachable(url, error) from error
    if response.status == 401:
        raise NotSignedIn(f"{url} does not accept the credentials")
    if response.status >= 400:
        raise RpcError.decode(answer.get("error") if isinstance(answer, dict) else None)
    return answer
