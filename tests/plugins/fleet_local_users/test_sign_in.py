"""The whole way: a password becomes a token, the token a principal, as long as the user may."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import TYPE_CHECKING

from fleet_platform.auth.access import Access
from fleet_platform.auth.authenticator import FRESH_S, Authenticator
from fleet_platform.auth.tokens import Tokens
from fleet_platform.storage.kv import KeyValueStore
from fleet_policies import Policies

if TYPE_CHECKING:
    from tests.plugins.fleet_local_users.conftest import Platform


async def test_a_user_signs_in_works_and_is_shut_out(platform: Platform) -> None:
    time = SimpleNamespace(now=0.0)
    access = Access(Policies().fleet_register_policies())
    async with platform.start(admin_password="a:b") as provider:
        tokens = await Tokens.open(KeyValueStore(platform.database))
        authenticator = Authenticator(lambda: [provider], tokens, clock=lambda: time.now)
        principal = await authenticator.by_password("Admin", "a:b")
        assert principal is not None
        assert access.allows(principal, "device.list")

        pair = tokens.issue(principal)
        assert await authenticator.by_token(pair["access_token"]) == principal
        assert await authenticator.by_token(base64.b64encode(b"admin:a:b").decode()) == principal
        renewed = await authenticator.refresh(pair["refresh_token"])
        assert renewed is not None

        await platform.change(enabled=False)
        time.now += FRESH_S + 10
        assert await authenticator.by_token(renewed["access_token"]) is None
        assert await authenticator.by_token(base64.b64encode(b"admin:a:b").decode()) is None
        assert await authenticator.refresh(pair["refresh_token"]) is None
        assert await authenticator.by_password("admin", "a:b") is None


async def test_tokens_outlive_a_restart(platform: Platform) -> None:
    async with platform.start(admin_password="secret") as provider:
        assert provider.find
        principal = await provider.find("admin")
        assert principal is not None
    store = KeyValueStore(platform.database)
    token = (await Tokens.open(store)).issue(principal)["access_token"]
    claims = (await Tokens.open(store)).verify(token, "access_token")
    assert claims is not None
    assert claims.username == "admin"
    await store.delete("core", "token_key")
    assert (await Tokens.open(store)).verify(token, "access_token") is None
