"""Who makes a request: bearer token, Basic, a websocket's sub-protocol, or the session cookie of the web page."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web

from fleet_platform.auth.authenticator import Authenticator
from plugin_sdk import Principal

COOKIE = "fleet_session"


class BadCredentialError(Exception):
    """A credential was presented and is not good."""


class Identity:
    """Finds the principal of a request.

    Args:
        allowed_origins: Origins beside the platform's own whose pages may use the cookie.
    """

    def __init__(self, authenticator: Authenticator, *, allowed_origins: Collection[str] = ()) -> None:
        self._authenticator = authenticator
        self._allowed_origins = frozenset(allowed_origins)

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

    def token_of(self, request: web.Request) -> str | None:
        """What was presented: ``Authorization`` before sub-protocol before cookie."""
        header = request.headers.get("Authorization", "").split()
        if header:
            return header[-1]
        offered = offered_protocols(request)
        if offered:
            return offered[-1]
        cookie = request.cookies.get(COOKIE)
        if cookie and self.is_same_origin(request):
            return cookie
        return None

    def is_same_origin(self, request: web.Request) -> bool:
        """Whether a page of ours makes the request; a browser names another page's origin, a program names none."""
        origin = request.headers.get("Origin")
        if origin is None:
            # Browsers leave Origin out of same-origin GETs, and never open a websocket or post without it.
            return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
        return origin in (f"https://{request.host}", f"http://{request.host}") or origin in self._allowed_origins


def offered_protocols(request: web.Request) -> list[str]:
    """Sub-protocols a websocket offers, in its order."""
    return [part.strip() for part in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if part.strip()]
