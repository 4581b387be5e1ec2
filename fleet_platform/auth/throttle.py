"""Slows down whoever guesses passwords, by account and never by address: a whole site may share one address.

Bounded in every direction: verifications at once, callers waiting for one account, accounts remembered. Sessions
and tokens are not concerned, so an account under attack stays usable for who is signed in.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from plugin_sdk.errors import RateLimited

T = TypeVar("T")

FREE_FAILURES = 3
"""So many wrong passwords in a row cost nothing; people mistype."""
MAX_DELAY_S = 60.0
FORGET_S = 900.0
"""An account is forgiven when it was left alone for so long."""
MAX_ASKING = 64
"""Verifications that run or wait, of all accounts together; one more is refused."""
MAX_ASKING_ACCOUNT = 8
MAX_ACCOUNTS = 10_000
"""Accounts with failures that are remembered; the one left alone longest is forgotten first."""


@dataclass(slots=True)
class _Account:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    asking: int = 0
    failures: int = 0
    free_at: float = 0.0


class Throttle:
    """One verification at a time for each account, and a growing pause after failures.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._asking = 0

    async def guard(self, name: str, verify: Callable[[], Awaitable[T | None]]) -> T | None:
        """Verify a password of an account when it is its turn.

        Args:
            name: The account, whether it exists or not.
            verify: Returns None for a wrong password, which counts as failure; an exception counts as nothing.

        Raises:
            RateLimited: Too many failures, or too many callers at once.
        """
        if self._asking >= MAX_ASKING:
            raise RateLimited(retry_after_s=1.0)
        account = self._account(name)
        if account.asking >= MAX_ASKING_ACCOUNT:
            raise RateLimited(retry_after_s=1.0)
        self._asking += 1
        account.asking += 1
        try:
            async with account.turn:
                pause_s = account.free_at - self._clock()
                if pause_s > 0:
                    raise RateLimited(retry_after_s=pause_s)
                result = await verify()
                self._count(account, failed=result is None)
                return result
        finally:
            self._asking -= 1
            account.asking -= 1
            if not account.asking and not account.failures:
                self._accounts.pop(name, None)

    def _account(self, name: str) -> _Account:
        account = self._accounts.setdefault(name, _Account())
        self._accounts.move_to_end(name)
        if self._clock() > account.free_at + FORGET_S:
            account.failures = 0
        if len(self._accounts) > MAX_ACCOUNTS:
            # At most MAX_ASKING accounts are busy, so the search is short.
            del self._accounts[next(other for other, record in self._accounts.items() if not record.asking)]
        return account

    def _count(self, account: _Account, *, failed: bool) -> None:
        account.failures = account.failures + 1 if failed else 0
        account.free_at = self._clock() + _pause_s(account.failures)


def _pause_s(failures: int) -> float:
    """1 s after the first failure that is not free, doubling with each further one."""
    excess = failures - FREE_FAILURES
    return min(2.0 ** (min(excess, 10) - 1), MAX_DELAY_S) if excess > 0 else 0.0
