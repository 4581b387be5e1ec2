"""Changes to what is stored, one after the other, each finished whatever becomes of who asked for it.

A change is written to the database first and to memory next. Were it done by the caller, a caller that hangs up between
the two would leave memory behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar, cast

from plugin_sdk.errors import Unavailable

T = TypeVar("T")
_Turn: TypeAlias = tuple[Callable[[], Awaitable[Any]], asyncio.Future[Any]]

MAX_WAITING = 1_000


class Turns:
    """Who waits for its turn; :meth:`run` is a task of the plugin's."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[_Turn] = asyncio.Queue(MAX_WAITING)

    async def take(self, change: Callable[[], Awaitable[T]]) -> T:
        """Make a change when it is its turn; returns what it returns, raises what it raises.

        Raises:
            Unavailable: Too many wait.
        """
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((change, done))
        except asyncio.QueueFull:
            raise Unavailable("too many changes wait", part="groups") from None
        return cast(T, await done)

    async def run(self) -> None:
        """Let one after the other have its turn, for ever."""
        while True:
            change, done = await self._waiting.get()
            try:
                result = await change()
            except Exception as error:  # whatever it is, it is the caller's
                if not done.done():
                    done.set_exception(error)
            else:
                if not done.done():
                    done.set_result(result)
