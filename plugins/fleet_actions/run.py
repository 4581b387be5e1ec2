"""An action at work: steps one after the other, devices of a step at the same time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from fleet_actions.plan import PlannedStep
from plugin_sdk import JSON, Fleet, JSONObject, Pace, Principal
from plugin_sdk.errors import FleetError

AT_A_TIME = 50
RESULT_BYTES = 64 * 1024
RESULTS_BYTES = 3 * 1024 * 1024


@dataclass(kw_only=True)
class Run:
    """One run of an action.

    Attributes:
        id: ``runId`` of events and answers.
        action: Id of the action; empty for steps that were never saved.
        pace: How often a call may begin; None for as often as it can, telling nobody.
        failed: How many calls ended in an error.
        done: How many did not.
    """

    fleet: Fleet
    principal: Principal
    id: str
    action: str
    pace: Pace | None = None
    done: int = 0
    failed: int = 0
    _bytes: int = 0
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_A_TIME))

    async def work(self, steps: Sequence[PlannedStep]) -> JSONObject:
        """Do all steps, up to one that fails and says ``stop``; raises nothing.

        Returns:
            ``{runId, state, steps: [{method, results: {shellyID: {result} | {error}}}]}``; steps that were not begun
            have ``skipped: true``.
        """
        told: list[JSONObject] = []
        stopped = False
        for number, step in enumerate(steps):
            if stopped:
                told.append({"method": step.method, "results": {}, "skipped": True})
                continue
            results = await self._step(number, step, len(steps))
            told.append({"method": step.method, "results": results})
            stopped = step.on_error == "stop" and any("error" in each for each in results.values())
            if step.wait_s and not stopped:
                await asyncio.sleep(step.wait_s)
        state = "failed" if self.failed else "done"
        if self.pace is not None:
            figures = {"state": state, "steps": len(steps), "done": self.done, "failed": self.failed}
            self.fleet.publish("Action.Done", {"runId": self.id, "action": self.action, **figures})
        return {"runId": self.id, "state": state, "steps": told}

    async def _step(self, number: int, step: PlannedStep, steps: int) -> JSONObject:
        results: JSONObject = dict.fromkeys(step.dst)
        async with asyncio.TaskGroup() as calls:
            for device in step.dst:
                await self._slots.acquire()
                if self.pace is not None:
                    await asyncio.sleep(self.pace.reserve())
                calls.create_task(self._call(number, step, device, results, steps))
        return results

    async def _call(self, number: int, step: PlannedStep, device: str, results: JSONObject, steps: int) -> None:
        try:
            outcome = self._kept(await self.fleet.call(device, step.method, step.params, on_behalf_of=self.principal))
            self.done += 1
        except FleetError as error:
            outcome = {"error": error.to_json()}
            self.failed += 1
        finally:
            self._slots.release()
        results[device] = outcome
        if self.pace is not None and self.fleet.devices.get(device) is not None:
            # Without the result: who may see a device need not have the right to what was asked of it.
            told = {"runId": self.id, "action": self.action, "step": number, "steps": steps, "method": step.method}
            fault = {"error": outcome["error"]} if "error" in outcome else {}
            self.fleet.publish("Action.Progress", {**told, "shellyID": device, **fault}, device=device)

    def _kept(self, result: JSON) -> JSONObject:
        """A result, unless it is too long, alone or with all others."""
        size = len(json.dumps(result))
        if size > RESULT_BYTES or self._bytes + size > RESULTS_BYTES:
            return {"result": None, "truncated": True}
        self._bytes += size
        return {"result": result}
