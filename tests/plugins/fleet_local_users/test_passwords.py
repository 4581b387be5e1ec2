"""Hashing takes long by design; it must take long elsewhere."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator

import pytest

from fleet_local_users.passwords import Passwords, generate_password


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    with Passwords() as passwords:
        yield passwords


async def test_a_password_fits_its_own_hash_alone(passwords: Passwords) -> None:
    hashed = await passwords.hash("Zürich: 8 km")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passwords.verify("Zürich: 8 km", hashed)
    assert not await passwords.verify("Zürich: 8 km ", hashed)


@pytest.mark.parametrize("hashed", [None, "", "admin", "$argon2id$broken"])
async def test_without_a_hash_nothing_fits(passwords: Passwords, hashed: str | None) -> None:
    assert not await passwords.verify("admin", hashed)


async def test_half_a_surrogate_pair_is_a_password_like_any_other(passwords: Passwords) -> None:
    assert await passwords.verify("\ud83d", await passwords.hash("\ud83d"))


async def test_the_loop_turns_while_a_password_is_hashed(passwords: Passwords) -> None:
    hashing = asyncio.ensure_future(passwords.hash("secret"))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10


async def test_a_wave_of_log_ins_is_hashed_by_two_threads(passwords: Passwords) -> None:
    hashing = asyncio.gather(*(passwords.hash("secret") for _ in range(5)))
    threads: set[str] = set()
    while not hashing.done():
        await asyncio.sleep(0)
        threads |= {thread.name for thread in threading.enumerate() if thread.name.startswith("argon2")}
    assert len(threads) == 2


async def test_stopping_answers_whoever_still_waits() -> None:
    with Passwords() as passwords:
        waiting = asyncio.gather(*(passwords.hash("secret") for _ in range(3)))
        await asyncio.sleep(0)
    assert len(await waiting) == 3


def test_a_generated_password_can_be_read_aloud_and_is_never_the_same() -> None:
    made = {generate_password() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"([0-9a-hjkmnp-tv-z]{5}-){3}[0-9a-hjkmnp-tv-z]{5}", password) for password in made)
