"""Running what may hang: a task with a deadline, and the ways to end one that does not want to.

The supervisor and the sinks are the only users; every task made here is awaited by who made it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from plugin_sdk.errors import PluginError

T = TypeVar("T")

_ONCE_MORE_S = 0.1


class StuckError(Exception):
    """A task cannot be ended: it catches whatever is thrown into it. It goes on until the process ends."""


async def bounded(work: Callable[[], Awaitable[T]], *, timeout_s: float, name: str) -> T:
    """Run something to its end, or end it at its deadline.

    Unlike ``asyncio.timeout`` this returns even if the work ignores that it is cancelled.

    Raises:
        TimeoutError: It took too long.
        StuckError: It took too long and could not be ended.
    """
    task = asyncio.create_task(sheltered(work), name=name)
    try:
        await asyncio.wait({task}, timeout=timeout_s)
    except asyncio.CancelledError:
        await end(task, patience_s=_ONCE_MORE_S)
        raise
    if task.cancelled():
        raise RuntimeError("it was cancelled from within")
    if task.done():
        return task.result()
    if not await end(task, patience_s=_ONCE_MORE_S):
        raise StuckError(f"it took longer than {timeout_s:g} s and ignores being cancelled")
    raise TimeoutError(f"it took longer than {timeout_s:g} s")


async def end(task: asyncio.Task[Any], *, patience_s: float) -> bool:
    """Cancel a task and wait for its end, at most ``patience_s`` and a little more; returns whether it ended.

    A task may swallow a cancellation, so it is cancelled more than once; then its coroutine is closed, which no
    ``except Exception`` and no ``except CancelledError`` can swallow. Its result is thrown away.
    """
    task.add_done_callback(_look_at)
    for pause_s in (patience_s, _ONCE_MORE_S, _ONCE_MORE_S):
        task.cancel()
        await asyncio.wait({task}, timeout=pause_s)
        if task.done():
            return True
    _close(task)
    task.cancel()
    await asyncio.wait({task}, timeout=_ONCE_MORE_S)
    return task.done()


async def sheltered(work: Callable[[], Awaitable[T]]) -> T:
    """Await something of a plugin's, which must not end the process."""
    try:
        awaitable = work()
        if not hasattr(awaitable, "__await__"):
            raise PluginError(f"it returned {type(awaitable).__name__}, which cannot be awaited; is it an async def?")
        return await awaitable
    except SystemExit as error:
        raise PluginError("it wanted to end the whole process") from error


def _close(task: asyncio.Task[Any]) -> None:
    with contextlib.suppress(Exception):  # code that is being thrown out may say what it likes
        task.get_coro().close()


def _look_at(task: asyncio.Task[Any]) -> None:
    """Retrieve the exception, so that the event loop does not complain that nobody did."""
    if not task.cancelled():
        task.exception()
