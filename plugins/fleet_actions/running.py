"""Runs that go on: each has an owner that outlives the request, and there are only so many."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

from fleet_actions.plan import PlannedStep
from fleet_actions.run import Run
from plugin_sdk import Fleet, JSONObject, Pace, Principal
from plugin_sdk.errors import RateLimited, Unavailable

MOST = 20
CALLS_PER_S = 500.0
"""Over all runs. Each call makes an event, and a plugin may publish 1,000 a second."""

_RETRY_S = 2.0


class Runs:
    """All runs.

    Args:
        tasks: Owns them.
    """

    def __init__(self, fleet: Fleet, tasks: asyncio.TaskGroup) -> None:
        self._fleet = fleet
        self._tasks = tasks
        self._pace = Pace(CALLS_PER_S, asyncio.get_running_loop().time)
        self._going: set[asyncio.Task[JSONObject]] = set()

    def start(
        self, action: str, steps: Sequence[PlannedStep], principal: Principal
    ) -> tuple[str, asyncio.Task[JSONObject]]:
        """Begin a run; it goes on whatever becomes of who waits for it.

        Returns:
            Its ``runId``, and the task that gives its result.

        Raises:
            RateLimited: Too many runs go on.
        """
        if len(self._going) >= MOST:
            raise RateLimited(_RETRY_S)
        run = Run(fleet=self._fleet, principal=principal, id=secrets.token_hex(8), action=action, pace=self._pace)
        task = self._tasks.create_task(self._work(run, steps), name=f"action {run.id}")
        self._going.add(task)
        task.add_done_callback(self._going.discard)
        return run.id, task

    async def _work(self, run: Run, steps: Sequence[PlannedStep]) -> JSONObject:
        try:
            return await run.work(steps)
        except Exception:  # a fault in one run must not take the others with it
            self._fleet.log.exception("run %s of action %s failed unexpectedly", run.id, run.action)
            return {"runId": run.id, "state": "failed", "steps": []}

    async def result(self, task: asyncio.Task[JSONObject]) -> JSONObject:
        """Wait for a run that :meth:`start` began, without ending it when nobody waits any more.

        Raises:
            Unavailable: The plugin stopped, and the run with it.
        """
        await asyncio.wait([task])
        if task.cancelled():
            raise Unavailable("the run was ended, because the plugin stopped", part="actions")
        return task.result()

    def stop(self) -> None:
        """Cancel all runs."""
        for task in self._going:
            task.cancel()
