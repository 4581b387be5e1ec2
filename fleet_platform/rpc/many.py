"""The same for many: a bounded number at a time, each with an outcome of its own, and all within one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from fleet_platform.rpc.dispatch import unexpected
from plugin_sdk.errors import CallTimeout, FleetError

AT_ONCE = 64
_SLICE = 20


async def for_each(
    names: Iterable[str],
    work: Callable[[str], Awaitable[Any]],
    *,
    where: str,
    within_s: float,
    at_once: int = AT_ONCE,
) -> dict[str, Any]:
    """Do something for each name.

    Args:
        where: What is done, for the log.
        within_s: What has no outcome by then is given up, and has a time-out as its outcome.

    Returns:
        Result or ``FleetError`` of each name, in the order of the names.
    """
    late = CallTimeout(timeout_s=within_s)
    outcomes: dict[str, Any] = dict.fromkeys(names, late)
    places = asyncio.Semaphore(at_once)
    running: set[asyncio.Task[None]] = set()

    async def take(name: str) -> None:
        try:
            outcomes[name] = await work(name)
        except FleetError as error:
            outcomes[name] = error
        except Exception as error:  # one member's fault must not cost the others their answers
            outcomes[name] = unexpected(error, where)
        finally:
            places.release()

    try:
        async with asyncio.timeout(within_s):
            for number, name in enumerate(outcomes):
                await places.acquire()
                task = asyncio.create_task(take(name))
                running.add(task)
                task.add_done_callback(running.discard)
                if number % _SLICE == _SLICE - 1:  # what needs no waiting must not all be done in one turn
                    await asyncio.sleep(0)
            if running:
                await asyncio.wait(running)
    except TimeoutError:
        pass
    finally:
        for task in running:
            task.cancel()
    return outcomes
