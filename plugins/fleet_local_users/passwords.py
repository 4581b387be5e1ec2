"""Passwords: hashing them, checking them, making one up.

Argon2id with the parameters of RFC 9106 for little memory (64 MiB, 3 passes). It runs in threads, never on the
event loop, and in two of them at most, so that a wave of log-ins can take neither all memory nor all cores.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

P = ParamSpec("P")
T = TypeVar("T")

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: nothing looks like anything else
_GROUPS, _GROUP_SIZE = 4, 5


def generate_password() -> str:
    """A random password of 100 bits that can be read over the telephone: ``7xk2m-…``, four groups of five."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_SIZE)) for _ in range(_GROUPS))


class Passwords:
    """Hashes and checks passwords. A context manager that owns its threads."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A future cancelled here would look to its caller as if the caller itself had been cancelled.
        self._threads.shutdown(wait=False)

    async def hash(self, password: str) -> str:
        """The hash to store, with its parameters and a new salt."""
        return await self._in_thread(self._hasher.hash, _encode(password))

    async def verify(self, password: str, hashed: str | None) -> bool:
        """Whether a password fits a hash. Without a hash the answer is no, after as much work."""
        if hashed is None:
            await self.hash(password)
            return False
        try:
            return await self._in_thread(self._hasher.verify, hashed, _encode(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))


def _encode(password: str) -> bytes:
    # JSON may hold half of a surrogate pair, which plain UTF-8 refuses.
    return password.encode("utf-8", "surrogatepass")
