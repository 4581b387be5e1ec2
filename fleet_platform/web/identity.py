"""Who makes a request: bearer token, Basic, a websocket's sub-protocol, or the session cookie of the web page."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web

from fleet_platform.auth.authenticator import Authenticator
from fleet_platform.web.origin import SESSION_COOKIE, is_same_origin
from plugin_sdk import JSONObject, Principal


class BadCredentialError(Exception):
    """A credential was presented and is not good."""


class Identity:
    """Finds the principal of a request.

    Attributes:
        allowed_origins: Origins beside the platform's own whose pages may use the cookie. Replaced as a whole.
    """

    def __init__(self, authenticator: Authenticator, *, allowed_origins: Collection[str] = ()) -> None:
        self._authenticator = authenticator
        self.allowed_origins = frozenset(allowed_origins)

    async def of(self, request: web.Request) -> Principal | None:
        """The principal, or None if no credential was presented.

        Raises:
            BadCredentialError: What was presented is not good.
            RateLimited, Unavailable: As ``Authenticator.by_token``.
        """
        token = self.token_of(request)
        if token is None:
            return None
        principal = await self._authenticator.by_token(token)
        if principal is None:
            raise BadCredentialError
        return principal

    async def describe(self, token: str) -> JSONObject | None:
        """What a token says, as ``Authenticator.describe``."""
        return await self._authenticator.describe(token)

    def token_of(self, request: web.Request) -> str | None:
        """What was presented: ``Authorization`` before sub-protocol before cookie."""
        header = request.headers.get("Authorization", "").split()
        if header:
            return header[-1]
        offered = offered_protocols(request)
        if offered:
            return offered[-1]
        cookie = request.cookies.get(SESSION_COOKIE)
        if cookie and is_same_origin(request, allowed=self.allowed_origins):
            return cookie
        return None


def offered_protocols(request: web.Request) -> list[str]:
    """Sub-protocols a websocket offers, in its order."""
    return [part.strip() for part in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if part.strip()]
