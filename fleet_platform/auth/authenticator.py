"""From what a caller presents to the principal it is, or to nobody.

Every question goes to the auth providers that plugins brought; nothing here knows a user. Whatever is wrong with a
credential, the answer is the same None after the same work.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from fleet_platform.auth.basic import decode_basic
from fleet_platform.auth.recent import Recent
from fleet_platform.auth.throttle import Throttle
from fleet_platform.auth.tokens import Claims, TokenKind, Tokens
from plugin_sdk import AuthProvider, JSONObject, Principal
from plugin_sdk.errors import FleetError, Unavailable

logger = logging.getLogger(__name__)

PROVIDER_TIMEOUT_S = 10.0
FRESH_S = 1.0
"""For so long a user is not looked up again; who was disabled is out after that."""
STALE_S = 86_400.0
"""For so long a known user stays known while the provider cannot look it up: control goes on without a database."""
BASIC_S = 5.0
"""For so long a Basic credential that was right is not hashed again: scripts send it with every request."""
MAX_TOKEN = 16_384
MAX_NAME = 256
MAX_PASSWORD = 1_024

_Answer: TypeAlias = Awaitable[Principal | None]


class Authenticator:
    """Asks the auth providers, in their order; the first that vouches for a caller decides.

    Args:
        providers: Those in force now; asked for each time, as plugins come and go.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        providers: Callable[[], Sequence[AuthProvider]],
        tokens: Tokens,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._providers = providers
        self._tokens = tokens
        self._throttle = Throttle(clock=clock)
        self._found: Recent[tuple[str, str], Principal] = Recent(clock=clock)
        self._basic: Recent[bytes, Principal] = Recent(clock=clock)
        self._basic_key = secrets.token_bytes(32)
        # An answer that was on its way while somebody changed may be of before: it is used once and not remembered.
        self._changes = 0

    async def by_password(self, name: str, password: str) -> Principal | None:
        """Who has this name and password, or None.

        Raises:
            RateLimited: Too many failures for that name, or too many attempts at once.
            Unavailable: A provider could not answer, and no other one knew the user.
        """
        return await self._guarded(name, password, lambda: self._verify(name, password))

    async def by_token(self, text: str) -> Principal | None:
        """Who a token stands for: an access token of ours, base64 ``name:password``, or a provider's own.

        Raises:
            RateLimited: As :meth:`by_password`.
            Unavailable: A provider could not answer.
        """
        if not 0 < len(text) <= MAX_TOKEN:
            return None
        if claims := self._tokens.verify(text, "access_token"):
            return await self._find(claims)
        if self._tokens.is_ours(text):
            return None  # expired, or meant for refreshing: not for the eyes of an outside provider
        if credential := decode_basic(text):
            return await self._by_basic(text, *credential)
        return await self._first(lambda provider: provider.verify_token and provider.verify_token(text))

    async def describe(self, token: str) -> JSONObject | None:
        """What a good token says: ``{username, provider}``, and of one of ours ``iss``, ``sub``, ``iat`` and ``exp``.

        Raises:
            RateLimited, Unavailable: As :meth:`by_token`.
        """
        principal = await self.by_token(token)
        if principal is None:
            return None
        return self._tokens.describe(token) or {"username": principal.name, "provider": principal.provider}

    async def by_name(self, name: str, provider: str) -> Principal | None:
        """Somebody as the provider knows it now; None if the provider is gone, knows it no more, or cannot tell.

        Raises:
            Unavailable: The provider could not answer.
        """
        return await self._find_named(name, provider)

    def forget(self, name: str, provider: str) -> None:
        """Somebody changed: what was remembered of it counts no more."""
        self._changes += 1
        self._found.put((provider, name), None)
        self._basic.drop(lambda principal: (principal.provider, principal.name) == (provider, name))

    async def refresh(self, token: str) -> dict[TokenKind, str] | None:
        """A new ``{access_token}`` for a refresh token, or None if that is not good, or no longer.

        Raises:
            Unavailable: The provider could not answer.
        """
        claims = self._tokens.verify(token, "refresh_token") if len(token) <= MAX_TOKEN else None
        principal = await self._find(claims) if claims else None
        return self._tokens.renew(principal) if principal else None

    async def _by_basic(self, text: str, name: str, password: str) -> Principal | None:
        # Remembered under a keyed hash, so that no credential stays in memory as it is.
        mark = hmac.digest(self._basic_key, text.encode(), "sha256")

        def known() -> Principal | None:
            return self._basic.get(mark, max_age_s=BASIC_S)

        async def verify() -> Principal | None:
            # Whoever had its turn just before may have presented the same.
            if principal := known():
                return principal
            changes = self._changes
            principal = await self._verify(name, password)
            if changes == self._changes:
                self._basic.put(mark, principal)
            return principal

        return known() or await self._guarded(name, password, verify)

    async def _guarded(self, name: str, password: str, verify: Callable[[], _Answer]) -> Principal | None:
        if not 0 < len(name) <= MAX_NAME or len(password) > MAX_PASSWORD:
            return None
        return await self._throttle.guard(name.casefold(), verify)

    async def _verify(self, name: str, password: str) -> Principal | None:
        return await self._first(lambda provider: provider.verify_password and provider.verify_password(name, password))

    async def _find(self, claims: Claims) -> Principal | None:
        """The user a token names, as its provider knows it now, unless its stamp is another one by now."""
        principal = await self._find_named(claims.username, claims.provider, stamp=claims.stamp)
        return principal if principal is not None and principal.stamp == claims.stamp else None

    async def _find_named(self, name: str, provider_name: str, *, stamp: str | None = None) -> Principal | None:
        key = provider_name, name
        provider = next((each for each in self._providers() if each.name == provider_name), None)
        if provider is None:
            return None
        principal = self._found.get(key, max_age_s=FRESH_S)
        if principal and stamp in (None, principal.stamp):
            return principal
        changes = self._changes
        try:
            principal = await _ask(provider, lambda each: each.find and each.find(name))
        except Unavailable:
            if principal := self._found.get(key, max_age_s=STALE_S):
                return principal
            raise
        if changes == self._changes:
            self._found.put(key, principal)
        return principal

    async def _first(self, question: Callable[[AuthProvider], _Answer | None]) -> Principal | None:
        """The first principal a provider vouches for. One that is away matters only if no other knows the caller."""
        away: Unavailable | None = None
        for provider in self._providers():
            try:
                if principal := await _ask(provider, question):
                    return principal
            except Unavailable as error:
                away = error
        if away:
            raise away
        return None


async def _ask(provider: AuthProvider, question: Callable[[AuthProvider], _Answer | None]) -> Principal | None:
    """One provider's answer; None also if it was not asked.

    Raises:
        Unavailable: It failed, or took too long.
    """
    try:
        async with asyncio.timeout(PROVIDER_TIMEOUT_S):
            answer = question(provider)
            principal = await answer if answer else None
    except FleetError:
        raise
    except Exception as error:  # a provider may be anybody's code; the others go on
        # The text of the exception may hold a password (database drivers quote arguments), so it is left out.
        place = "".join(traceback.format_tb(error.__traceback__, limit=-3))
        logger.error("auth provider %s failed: %s\n%s", provider.name, type(error).__name__, place)  # noqa: TRY400
        raise Unavailable(part=f"auth provider {provider.name}") from None
    if principal and principal.provider != provider.name:
        logger.error("auth provider %s vouched for a principal of %s", provider.name, principal.provider)
        return None
    return principal
