"""Transactions that stay open from call to call. One that nobody ends is rolled back, and that is told."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count

import asyncpg

from fleet_platform.sql_methods.errors import TooManyTransactions, TransactionFailed, UnknownTransaction
from fleet_platform.sql_methods.sources import Source, is_gone
from fleet_platform.storage.database import CLOSE_TIMEOUT_S, REFUSED, Connection
from plugin_sdk.errors import CallTimeout, FleetError, Unavailable

logger = logging.getLogger(__name__)

_REMEMBERED = 1_000
"""Of so many transactions it is known how they ended."""


class Transaction:
    """One that is open.

    Attributes:
        held: Gives the connection back when it is closed.
        turn: Held by the call that is using it; one at a time.
        timer: Rolls it back when it runs out; None while a call uses it.
    """

    def __init__(self, number: int, connection: Connection, held: AsyncExitStack) -> None:
        self.number = number
        self.connection = connection
        self.held = held
        self.turn = asyncio.Lock()
        self.timer: asyncio.TimerHandle | None = None


class Transactions:
    """All open transactions.

    Args:
        most: At most so many at a time.
        idle_s: One without a call for so long is rolled back.
        wait_s: How long a call waits for the one before it.
        call_s: How long beginning and ending may take.
    """

    def __init__(self, source: Source, *, most: int, idle_s: float, wait_s: float, call_s: float) -> None:
        self._source = source
        self._most = most
        self._idle_s = idle_s
        self._wait_s = wait_s
        self._call_s = call_s
        self._numbers = count(1)
        self._beginning = 0
        self._open: dict[int, Transaction] = {}
        self._ended: OrderedDict[int, str] = OrderedDict()
        self._rollbacks: set[asyncio.Task[None]] = set()

    def has(self, number: int) -> bool:
        """Whether one is open."""
        return number in self._open

    async def begin(self) -> int:
        """Begin one; returns its number, which never comes again.

        Raises:
            TooManyTransactions: As many are open as may be.
            Unavailable: There is no connection for it.
        """
        if len(self._open) + self._beginning >= self._most:
            raise TooManyTransactions(f"{self._most} transactions are open; end one of them first", part="transactions")
        self._beginning += 1
        try:
            async with AsyncExitStack() as stack:
                connection = await stack.enter_async_context(self._source.connection())
                await connection.execute("BEGIN", timeout=self._call_s)
                transaction = Transaction(next(self._numbers), connection, stack.pop_all())
        finally:
            self._beginning -= 1
        self._open[transaction.number] = transaction
        self._wind(transaction)
        return transaction.number

    @asynccontextmanager
    async def use(self, number: int) -> AsyncIterator[Connection]:
        """The connection of one, for one call after the other.

        Raises:
            UnknownTransaction: It is not open (any more); says why.
            TransactionFailed: A call of it has failed.
            CallTimeout: The call before this one takes too long.
        """
        async with self._turn(number) as transaction:
            try:
                yield transaction.connection
            except asyncpg.InFailedSQLTransactionError as err:
                raise TransactionFailed(f"a call of transaction {number} failed; roll it back") from err
            except BaseException as err:
                if not is_gone(transaction.connection):
                    raise
                if number in self._open:
                    self._forget(transaction, "was lost with its connection")
                await transaction.held.aclose()
                if isinstance(err, REFUSED):
                    raise Unavailable("the connection to the database was lost", part="database") from err
                raise

    async def end(self, number: int, *, commit: bool) -> None:
        """End one.

        Raises:
            UnknownTransaction: It is not open (any more); says why.
            TransactionFailed: It was to be committed, and was rolled back because a call of it had failed.
            Unavailable: The connection was lost; if that was while committing, nobody knows whether it counts.
        """
        async with self._turn(number) as transaction:
            self._forget(transaction, "was committed" if commit else "was rolled back")
            async with transaction.held:
                done = await transaction.connection.execute("COMMIT" if commit else "ROLLBACK", timeout=self._call_s)
        if commit and done != "COMMIT":
            self._ended[number] = "was rolled back, because a call of it had failed"
            raise TransactionFailed(f"transaction {number} {self._ended[number]}")

    async def close(self) -> None:
        """Roll back all that are open."""
        for transaction in list(self._open.values()):
            self._abandon(transaction, "was rolled back, because the methods were stopped")
        if self._rollbacks:
            await asyncio.wait(self._rollbacks)

    # ---- one of them ---------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _turn(self, number: int) -> AsyncIterator[Transaction]:
        transaction = self._find(number)
        try:
            async with asyncio.timeout(self._wait_s):
                await transaction.turn.acquire()
        except TimeoutError as err:
            raise CallTimeout(f"another call of transaction {number} is at work", timeout_s=self._wait_s) from err
        try:
            self._find(number)  # it may have ended meanwhile
            if transaction.timer is not None:
                transaction.timer.cancel()
                transaction.timer = None
            yield transaction
        finally:
            transaction.turn.release()
            if number in self._open and not transaction.turn.locked():
                self._wind(transaction)

    def _find(self, number: int) -> Transaction:
        if number not in self._open:
            raise UnknownTransaction(f"transaction {number} {self._ended.get(number, 'was never begun')}")
        return self._open[number]

    def _wind(self, transaction: Transaction) -> None:
        """Let its time run, from now."""
        if transaction.timer is not None:
            transaction.timer.cancel()
        transaction.timer = asyncio.get_running_loop().call_later(self._idle_s, self._expire, transaction)

    def _expire(self, transaction: Transaction) -> None:
        if transaction.number in self._open and not transaction.turn.locked():
            self._abandon(transaction, f"was rolled back, because there was no call for {self._idle_s:g} s")

    def _abandon(self, transaction: Transaction, why: str) -> None:
        logger.warning("transaction %s %s", transaction.number, why)
        self._forget(transaction, why)
        task = asyncio.create_task(_roll_back(transaction), name=f"roll back transaction {transaction.number}")
        self._rollbacks.add(task)
        task.add_done_callback(self._rollbacks.discard)

    def _forget(self, transaction: Transaction, why: str) -> None:
        if transaction.timer is not None:
            transaction.timer.cancel()
            transaction.timer = None
        self._open.pop(transaction.number, None)
        self._ended[transaction.number] = why
        while len(self._ended) > _REMEMBERED:
            self._ended.popitem(last=False)


async def _roll_back(transaction: Transaction) -> None:
    try:
        async with transaction.held:
            if transaction.turn.locked():
                transaction.connection.terminate()  # a call is at work; that ends it as well
            else:
                await transaction.connection.execute("ROLLBACK", timeout=CLOSE_TIMEOUT_S)
    except (FleetError, *REFUSED) as err:
        logger.info("transaction %s went with its connection: %s", transaction.number, type(err).__name__)
