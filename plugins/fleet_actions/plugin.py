"""What the plugin contributes, and when it is alive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fleet_actions.job import ActionType
from fleet_actions.methods import ActionMethods, Running
from fleet_actions.running import Runs
from fleet_actions.store import Store
from plugin_sdk import EventType, Fleet, Method, Migrations, Panel, Service, hookimpl
from plugin_sdk.errors import Unavailable

_RUN = {"runId": "the run, as `Action.Run` answers", "action": "the action; empty for steps that were not saved"}


class Actions:
    """The plugin ``actions``."""

    def __init__(self) -> None:
        self._running: Running | None = None

    @hookimpl
    def fleet_register_migrations(self) -> Migrations:
        """The table of actions."""
        return Migrations(folder=Path(__file__).parent / "migrations")

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        """``Action.*``."""
        return ActionMethods(self._started).methods()

    @hookimpl
    def fleet_register_events(self) -> list[EventType]:
        """What becomes of runs."""
        return [
            EventType(
                name="Action.Progress",
                summary="A device answered a call of an action.",
                params={
                    **_RUN,
                    "step": "number of the step, from 0",
                    "steps": "how many there are",
                    "method": "what was called",
                    "shellyID": "the device",
                    "error": "its error, if it answered with one",
                },
                device=True,
                permission="action.run",
            ),
            EventType(
                name="Action.Done",
                summary="A run of an action has ended.",
                params={
                    **_RUN,
                    "state": "`done` or `failed`",
                    "steps": "how many there are",
                    "done": "how many calls went well",
                    "failed": "how many did not",
                },
                permission="action.run",
            ),
            EventType(
                name="Action.Changed",
                summary="A saved action was made, changed or deleted.",
                params={"id": "the action; null if it may be several"},
                permission="action.list",
            ),
        ]

    @hookimpl
    def fleet_register_services(self) -> list[Service]:
        """The job type ``action``."""
        return [Service(interface="job_type", name="action", implementation=ActionType(self._started).declare())]

    @hookimpl
    def fleet_register_panels(self) -> list[Panel]:
        """The page of actions."""
        return [
            Panel(
                name="actions",
                kind="page",
                title="Actions",
                module="actions.js",
                element="fleet-actions",
                icon="play",
                order=25,
                permission="action.list",
            )
        ]

    @hookimpl
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Fleet) -> AsyncIterator[None]:
        """Actions can be run while this is entered."""
        async with asyncio.TaskGroup() as tasks:
            runs = Runs(fleet, tasks)
            self._running = Running(store=Store(fleet.sql), runs=runs)
            try:
                yield
            finally:
                self._running = None
                runs.stop()

    def _started(self) -> Running:
        if self._running is None:
            raise Unavailable(part="actions")
        return self._running
