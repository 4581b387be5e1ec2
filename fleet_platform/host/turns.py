"""Doing things one after the other in a task that nobody but its owner can cancel.

Plugins are enabled, disabled and configured here: whoever asks for that may be a task of the very plugin that is
stopped by it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from plugin_sdk.errors import Unavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")

MOST_WAITING = 100


class Turns:
    """A queue of work. While it is not entered, work is refused."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[tuple[Callable[[], Awaitable[Any]], asyncio.Future[Any]]] | None = None

    async def __aenter__(self) -> Self:
        self._waiting = asyncio.Queue(MOST_WAITING)
        self._task = asyncio.create_task(self._run(self._waiting), name="changes of plugins")
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        waiting, self._waiting = self._waiting, None
        self._task.cancel()
        await asyncio.wait({self._task})
        while waiting is not None and not waiting.empty():
            _, done = waiting.get_nowait()
            _refuse(done)

    def post(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do something when it is its turn; nobody waits for it, and a failure is logged."""
        if self._waiting is not None and not self._waiting.full():
            done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
            done.add_done_callback(_log)
            self._waiting.put_nowait((work, done))

    async def take(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do something when it is its turn and return what it returns.

        Raises:
            Unavailable: Too much waits, or the platform is stopping.
            Exception: Whatever the work raised.
        """
        if self._waiting is None or self._waiting.full():
            raise Unavailable(part="plugins")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((work, done))
        return await asyncio.shield(done)

    async def _run(self, waiting: asyncio.Queue[tuple[Callable[[], Awaitable[Any]], asyncio.Future[Any]]]) -> None:
        while True:
            work, done = await waiting.get()
            try:
                result = await work()
            except asyncio.CancelledError:
                _refuse(done)
                raise
            except Exception as error:  # whoever asked gets it; the next one's turn comes all the same
                if not done.done():
                    done.set_exception(error)
            else:
                if not done.done():
                    done.set_result(result)


def _refuse(done: asyncio.Future[Any]) -> None:
    if not done.done():
        done.set_exception(Unavailable(part="plugins"))


def _log(done: asyncio.Future[object]) -> None:
    error = None if done.cancelled() else done.exception()
    if error is not None and not isinstance(error, Unavailable):
        logger.error("a change of plugins failed", exc_info=error)
