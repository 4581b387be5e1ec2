"""``User.*``: signing in. Over HTTP only, and the only methods that anybody may call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, SecretStr

from fleet_platform.auth.authenticator import Authenticator
from fleet_platform.auth.tokens import TokenKind, Tokens
from fleet_platform.methods.shapes import Like
from fleet_platform.methods.shapes import Tokens as SignedIn
from plugin_sdk import JSONObject, Method
from plugin_sdk.errors import PermissionDenied

Name = Annotated[str, Field(min_length=1, max_length=200)]


class UserMethods:
    """Handlers of ``User.Authenticate`` and ``User.Refresh``."""

    def __init__(self, *, authenticator: Authenticator, tokens: Tokens) -> None:
        self._authenticator = authenticator
        self._tokens = tokens

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="User.Authenticate", handler=self.authenticate, anonymous=True),
            Method(name="User.Refresh", handler=self.refresh, anonymous=True),
        ]

    async def authenticate(
        self,
        username: Name,
        password: Annotated[SecretStr, Field(max_length=1024)],
        purpose: Any = None,  # noqa: ARG002  # older clients send it
        endpoint: Any = None,  # noqa: ARG002
    ) -> Annotated[JSONObject, Like(SignedIn)]:
        """Sign in: ``{access_token, refresh_token}``."""
        principal = await self._authenticator.by_password(username, password.get_secret_value())
        if principal is None:
            raise PermissionDenied("user name or password is wrong", reason="not_signed_in")
        return _named(self._tokens.issue(principal))

    async def refresh(self, refresh_token: Annotated[str, Field(max_length=8192)]) -> JSONObject:
        """A new access token for a refresh token: ``{access_token}``."""
        renewed = await self._authenticator.refresh(refresh_token)
        if renewed is None:
            raise PermissionDenied("the refresh token is not valid any more", reason="not_signed_in")
        return _named(renewed)


def _named(tokens: Mapping[TokenKind, str]) -> JSONObject:
    return {str(kind): token for kind, token in tokens.items()}
