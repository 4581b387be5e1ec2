"""From a credential to a principal: who is let through, who is not, and what a broken provider may spoil."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from fleet_platform.auth import authenticator as module
from fleet_platform.auth.authenticator import BASIC_S, FRESH_S, STALE_S, Authenticator
from fleet_platform.auth.throttle import FREE_FAILURES
from fleet_platform.auth.tokens import LIFETIME_S, Tokens
from plugin_sdk import AuthProvider, Principal
from plugin_sdk.errors import RateLimited, Unavailable

CANARY = "correct horse: battery staple"


class Register:
    """A provider of a few users, in memory."""

    def __init__(self, name: str = "register", **passwords: str) -> None:
        self.name = name
        self.passwords = passwords
        self.disabled: set[str] = set()
        self.asked: list[str] = []
        self.away = False

    def provider(self) -> AuthProvider:
        return AuthProvider(name=self.name, verify_password=self.verify, find=self.find, verify_token=self.verify_token)

    async def verify(self, name: str, password: str) -> Principal | None:
        return await self.find(name) if self.passwords.get(name) == password else await self.find("")

    async def find(self, name: str) -> Principal | None:
        self.asked.append(name)
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable(part="register")
        known = name in self.passwords and name not in self.disabled
        return Principal(name=name, provider=self.name) if known else None

    async def verify_token(self, token: str) -> Principal | None:
        self.asked.append(token)
        return await self.find(token.removeprefix("opaque-"))


class Scene:
    """An authenticator with providers that a test may change, and a clock in its hands."""

    def __init__(self, *providers: AuthProvider) -> None:
        self.now = 1_800_000_000.0
        self.providers = list(providers)
        self.tokens = Tokens(bytes(32), now=lambda: self.now)
        self.authenticator = Authenticator(lambda: self.providers, self.tokens, clock=lambda: self.now)

    def token(self, name: str, provider: str = "register", kind: str = "access_token") -> str:
        return dict(self.tokens.issue(Principal(name=name, provider=provider)))[kind]  # type: ignore[index]


def basic(name: str, password: str) -> str:
    return base64.b64encode(f"{name}:{password}".encode()).decode()


async def test_the_first_provider_that_vouches_decides() -> None:
    first, second = Register("first", ann="1"), Register("second", ann="2", ben="3")
    scene = Scene(first.provider(), second.provider())
    for name, password, provider in [("ann", "1", "first"), ("ann", "2", "second"), ("ben", "3", "second")]:
        principal = await scene.authenticator.by_password(name, password)
        assert principal == Principal(name=name, provider=provider)


@pytest.mark.parametrize(
    ("name", "password"), [("ann", "wrong"), ("nobody", CANARY), ("", CANARY), ("x" * 300, "y"), ("ann", "y" * 2_000)]
)
async def test_whatever_is_wrong_the_answer_is_none(name: str, password: str) -> None:
    assert await Scene(Register(ann=CANARY).provider()).authenticator.by_password(name, password) is None


async def test_guessing_is_slowed_down_for_known_and_unknown_names_alike() -> None:
    scene = Scene(Register(ann=CANARY).provider())
    for names in (["ann", "ANN", "Ann", "ann"], ["nobody"] * 4):
        for name in names[: FREE_FAILURES + 1]:
            assert await scene.authenticator.by_password(name, "wrong") is None
        with pytest.raises(RateLimited):
            await scene.authenticator.by_password(names[0], CANARY)


async def test_an_access_token_is_as_good_as_its_user() -> None:
    register = Register(ann=CANARY)
    scene = Scene(register.provider())
    token = scene.token("ann")
    assert await scene.authenticator.by_token(token) == Principal(name="ann", provider="register")
    register.disabled.add("ann")
    scene.now += FRESH_S + 0.1
    assert await scene.authenticator.by_token(token) is None


async def test_a_user_is_looked_up_once_a_second() -> None:
    register = Register(ann=CANARY)
    scene = Scene(register.provider())
    for _ in range(10):
        await scene.authenticator.by_token(scene.token("ann"))
    assert register.asked == ["ann"]


async def test_a_known_user_goes_on_while_the_provider_is_away_and_a_stranger_is_told_so() -> None:
    register = Register(ann=CANARY, ben=CANARY)
    scene = Scene(register.provider())
    await scene.authenticator.by_token(scene.token("ann"))
    register.away = True
    scene.now += STALE_S / 2
    assert await scene.authenticator.by_token(scene.token("ann"))
    with pytest.raises(Unavailable):
        await scene.authenticator.by_token(scene.token("ben"))
    scene.now += STALE_S
    with pytest.raises(Unavailable):
        await scene.authenticator.by_token(scene.token("ann"))


async def test_a_token_dies_with_its_provider() -> None:
    scene = Scene(Register(ann=CANARY).provider())
    token = scene.token("ann")
    assert await scene.authenticator.by_token(token)
    scene.providers.clear()
    assert await scene.authenticator.by_token(token) is None


async def test_a_token_is_nothing_to_another_provider_of_a_user_of_that_name() -> None:
    scene = Scene(Register("other", ann=CANARY).provider())
    assert await scene.authenticator.by_token(scene.token("ann")) is None


async def test_tokens_of_ours_that_are_no_good_are_shown_to_no_provider() -> None:
    register = Register(ann=CANARY)
    scene = Scene(register.provider())
    expired, refresh = scene.token("ann"), scene.token("ann", kind="refresh_token")
    scene.now += 2 * LIFETIME_S["access_token"]
    assert await scene.authenticator.by_token(expired) is None
    assert await scene.authenticator.by_token(refresh) is None
    assert register.asked == []


async def test_a_token_of_another_making_is_the_providers_to_judge() -> None:
    scene = Scene(Register("first").provider(), Register("second", ann=CANARY).provider())
    assert await scene.authenticator.by_token("opaque-ann") == Principal(name="ann", provider="second")
    for stranger in ("opaque-ben", "", "x" * 20_000, "a.b.c", "\ud800"):
        assert await scene.authenticator.by_token(stranger) is None


async def test_basic_credentials_work_with_a_colon_in_the_password() -> None:
    scene = Scene(Register(ann=CANARY).provider())
    assert await scene.authenticator.by_token(basic("ann", CANARY)) == Principal(name="ann", provider="register")
    assert await scene.authenticator.by_token(basic("ann", "wrong")) is None


async def test_basic_credentials_that_were_right_are_not_verified_again_for_a_moment() -> None:
    register = Register(ann=CANARY)
    scene = Scene(register.provider())
    answers = await asyncio.gather(*(scene.authenticator.by_token(basic("ann", CANARY)) for _ in range(5)))
    assert all(answers)
    assert register.asked == ["ann"]
    register.passwords["ann"] = "changed"
    scene.now += BASIC_S + 0.1
    assert await scene.authenticator.by_token(basic("ann", CANARY)) is None


async def test_wrong_basic_credentials_are_throttled_and_never_shown_to_a_token_check() -> None:
    register = Register(ann=CANARY)
    scene = Scene(register.provider())
    for _ in range(FREE_FAILURES + 1):
        assert await scene.authenticator.by_token(basic("ann", "wrong")) is None
    with pytest.raises(RateLimited):
        await scene.authenticator.by_token(basic("ann", "wrong"))
    assert basic("ann", "wrong") not in register.asked


async def test_refreshing_needs_a_refresh_token_and_an_enabled_user() -> None:
    register = Register(ann=CANARY)
    scene = Scene(register.provider())
    refresh = scene.token("ann", kind="refresh_token")
    renewed = await scene.authenticator.refresh(refresh)
    assert renewed is not None
    assert await scene.authenticator.by_token(renewed["access_token"])
    for no_good in (scene.token("ann"), "", "x" * 20_000):
        assert await scene.authenticator.refresh(no_good) is None
    register.disabled.add("ann")
    scene.now += FRESH_S + 0.1
    assert await scene.authenticator.refresh(refresh) is None


async def raising(*_question: str) -> Principal | None:
    raise ValueError(CANARY)


async def hanging(*_question: str) -> Principal | None:
    await asyncio.Event().wait()
    return None


@pytest.mark.parametrize("question", [raising, hanging])
async def test_a_broken_provider_spoils_nothing_for_the_others_and_logs_no_secret(
    question: Callable[..., Awaitable[Principal | None]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PROVIDER_TIMEOUT_S", 0.02)
    broken = AuthProvider(name="broken", verify_password=question, find=question, verify_token=question)
    scene = Scene(broken, Register(ann=CANARY).provider())
    with caplog.at_level(logging.DEBUG):
        assert await scene.authenticator.by_password("ann", CANARY)
        assert await scene.authenticator.by_token(scene.token("ann"))
        assert await scene.authenticator.by_token("opaque-ann")
        with pytest.raises(Unavailable) as refusal:
            await scene.authenticator.by_password("ann", "wrong")
    assert refusal.value.to_json()["data"] == {"part": "auth provider broken"}
    assert "broken failed" in caplog.text
    assert CANARY not in caplog.text


async def test_a_provider_vouches_for_its_own_users_only() -> None:
    async def pretend(*_question: str) -> Principal | None:
        return Principal(name="greetings", provider="plugin")

    scene = Scene(AuthProvider(name="pretender", verify_password=pretend, find=pretend, verify_token=pretend))
    assert await scene.authenticator.by_password("ann", CANARY) is None
    assert await scene.authenticator.by_token("opaque-ann") is None


async def test_a_provider_may_know_nothing_at_all() -> None:
    scene = Scene(AuthProvider(name="register"))
    assert await scene.authenticator.by_password("ann", CANARY) is None
    assert await scene.authenticator.by_token(scene.token("ann")) is None
    assert await scene.authenticator.by_token("opaque-ann") is None


async def test_no_credential_is_kept_as_it_came() -> None:
    scene = Scene(Register(ann=CANARY).provider())
    credential = basic("ann", CANARY)
    await scene.authenticator.by_token(credential)
    kept: Any = vars(scene.authenticator._basic)
    assert kept["_answers"]
    assert credential not in str(kept)
    assert CANARY not in str(kept)


async def test_a_new_stamp_ends_the_tokens_made_before_and_no_others() -> None:
    stamps = {"ann": "1"}

    async def find(name: str) -> Principal | None:
        return Principal(name=name, provider="register", stamp=stamps[name])

    scene = Scene(AuthProvider(name="register", find=find))

    def issue() -> dict[str, str]:
        made = scene.tokens.issue(Principal(name="ann", provider="register", stamp=stamps["ann"]))
        return {str(kind): token for kind, token in made.items()}

    before = issue()
    assert await scene.authenticator.by_token(before["access_token"])
    stamps["ann"] = "2"
    after = issue()
    assert await scene.authenticator.by_token(after["access_token"]), "at once, whatever was remembered"
    assert await scene.authenticator.by_token(before["access_token"]) is None
    assert await scene.authenticator.refresh(before["refresh_token"]) is None
    assert await scene.authenticator.refresh(after["refresh_token"])
    unstamped = dict(scene.tokens.issue(Principal(name="ann", provider="register")))
    assert await scene.authenticator.by_token(unstamped["access_token"]) is None


async def test_somebody_who_changed_is_looked_up_anew() -> None:
    register = Register(ann="1", ben="2")
    scene = Scene(register.provider())
    credentials = [scene.token("ann"), basic("ann", "1"), scene.token("ben"), basic("ben", "2")]
    for credential in credentials:
        assert await scene.authenticator.by_token(credential)
    register.disabled.add("ann")
    register.passwords["ann"] = "other"
    scene.authenticator.forget("ann", "register")
    register.asked.clear()
    assert [await scene.authenticator.by_token(each) is not None for each in credentials] == [False, False, True, True]
    assert "ben" not in register.asked


async def test_a_good_token_is_described_and_a_bad_one_is_not() -> None:
    scene = Scene(Register(ann="1").provider())
    described = await scene.authenticator.describe(scene.token("ann"))
    assert described is not None
    assert (described["username"], described["sub"]) == ("ann", "access_token")
    assert described["exp"] - described["iat"] == LIFETIME_S["access_token"]
    assert set(described) == {"username", "provider", "iss", "sub", "iat", "exp"}
    assert await scene.authenticator.describe(basic("ann", "1")) == {"username": "ann", "provider": "register"}
    for token in ("nonsense", scene.token("nobody"), scene.token("ann", kind="refresh_token"), ""):
        assert await scene.authenticator.describe(token) is None


@pytest.mark.parametrize("credential", ["token", "basic"])
async def test_an_answer_from_before_a_change_is_not_remembered(credential: str) -> None:
    looked, changed = asyncio.Event(), asyncio.Event()

    class Slow(Register):
        async def find(self, name: str) -> Principal | None:
            principal = await super().find(name)
            looked.set()
            await changed.wait()
            return principal

    register = Slow(ann=CANARY)
    scene = Scene(register.provider())
    text = scene.token("ann") if credential == "token" else basic("ann", CANARY)
    asked = asyncio.create_task(scene.authenticator.by_token(text))
    await looked.wait()
    register.passwords["ann"] = "new"
    register.disabled.add("ann")
    scene.authenticator.forget("ann", "register")
    changed.set()
    await asked
    assert await scene.authenticator.by_token(text) is None
