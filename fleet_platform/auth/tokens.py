"""Signed tokens that say who somebody is; what they may do is asked anew each time.

JWTs of one algorithm (HS256) and one key, which every installation makes for itself. A token is never more than
a name: it opens nothing unless the provider it names still knows that user.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from plugin_sdk import JSON, JSONObject, Principal

TokenKind: TypeAlias = Literal["access_token", "refresh_token"]

LIFETIME_S: Final[Mapping[TokenKind, int]] = {"access_token": 86_400, "refresh_token": 365 * 86_400}
LEEWAY_S = 5
"""How far the clocks of two nodes may be apart."""

_ISSUER = "fleet-management"
_ALGORITHM = "HS256"
_KEY_BYTES = 32  # RFC 7518 section 3.2: not shorter than the hash


class KeyStore(Protocol):
    """Where the signing key is kept; ``storage.kv.KeyValueStore`` is one."""

    async def get(self, owner: str, key: str) -> JSON:
        """The value, or None."""

    async def set(self, owner: str, key: str, value: JSON) -> None:
        """Store a value; durable when this returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a valid token says.

    Attributes:
        username: Name of the user within the provider.
        provider: Name of the auth provider.
        id: Unique to the token.
        expires_ts: UTC epoch seconds.
        stamp: Of the user when it was made.
    """

    username: str
    provider: str
    id: str
    expires_ts: int
    stamp: str


class Tokens:
    """Issues and verifies tokens.

    Args:
        key: At least 32 random bytes.
        now: UTC epoch seconds.
    """

    def __init__(self, key: bytes, *, now: Callable[[], float] = time.time) -> None:
        self._key = OctKey.import_key(key)
        self._now = now

    @classmethod
    async def open(cls, kv: KeyStore, *, now: Callable[[], float] = time.time) -> Tokens:
        """Use the installation's key, made at its first start.

        Raises:
            Unavailable: The database is away.
        """
        if await kv.get("core", "token_key") is None:
            await kv.set("core", "token_key", secrets.token_hex(_KEY_BYTES))
        # Read back, so that of two platforms starting at once the earlier one has a chance to see the later key.
        return cls(bytes.fromhex(await kv.get("core", "token_key")), now=now)

    def issue(self, principal: Principal) -> dict[TokenKind, str]:
        """A pair of tokens: ``{access_token, refresh_token}``, good for a day and for a year."""
        return {kind: self._sign(principal, kind) for kind in LIFETIME_S}

    def renew(self, principal: Principal) -> dict[TokenKind, str]:
        """An access token alone: ``{access_token}``."""
        return {"access_token": self._sign(principal, "access_token")}

    def verify(self, text: str, kind: TokenKind) -> Claims | None:
        """What a token says, or None unless it is ours, of that kind and in force."""
        claims = self._open(text)
        if claims is None:
            return None
        registry = jwt.JWTClaimsRegistry(
            now=int(self._now()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": _ISSUER},
            sub={"essential": True, "value": kind},
            iat={"essential": True},
            exp={"essential": True},
            jti={"essential": True},
            username={"essential": True},
            provider={"essential": True},
        )
        try:
            registry.validate(claims)
        except JoseError:
            return None
        return Claims(
            username=claims["username"],
            provider=claims["provider"],
            id=claims["jti"],
            expires_ts=int(claims["exp"]),
            stamp=str(claims.get("stamp", "")),
        )

    def describe(self, text: str) -> JSONObject | None:
        """What a text of ours says, for people: ``{username, provider, iss, sub, iat, exp}``."""
        claims = self._open(text)
        if claims is None:
            return None
        return {name: claims.get(name) for name in ("username", "provider", "iss", "sub", "iat", "exp")}

    def is_ours(self, text: str) -> bool:
        """Whether this installation signed a text, be it expired or of any kind."""
        return self._open(text) is not None

    def _sign(self, principal: Principal, kind: TokenKind) -> str:
        now = int(self._now())
        claims = {
            "iss": _ISSUER,
            "sub": kind,
            "username": principal.name,
            "provider": principal.provider,
            "iat": now,
            "exp": now + LIFETIME_S[kind],
            "jti": secrets.token_hex(16),
            **({"stamp": principal.stamp} if principal.stamp else {}),
        }
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key, algorithms=[_ALGORITHM])

    def _open(self, text: str) -> dict[str, Any] | None:
        """The claims under a good signature of ours."""
        try:
            return jwt.decode(text, self._key, algorithms=[_ALGORITHM]).claims
        except (JoseError, ValueError):  # ValueError: text that is not even UTF-8 or base64
            return None
