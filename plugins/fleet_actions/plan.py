"""From an action to the calls it makes: variables filled in, destinations expanded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fleet_actions import registry, variables
from fleet_actions.steps import TARGETS, Step
from plugin_sdk import JSON, Fleet, JSONObject, Principal
from plugin_sdk.destinations import members
from plugin_sdk.errors import InvalidParams

MAX_CALLS = 20_000
FILLED_BYTES = 256 * 1024
_SLICE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A step as it will be done; ``dst`` are ids of devices."""

    method: str
    params: JSONObject
    dst: tuple[str, ...]
    on_error: str
    wait_s: float

    def to_json(self) -> JSONObject:
        """As ``Action.Preview`` shows it."""
        return {
            "method": self.method,
            "params": self.params,
            "dst": list(self.dst),
            "on_error": self.on_error,
            "wait_s": self.wait_s,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Plans for somebody.

    Attributes:
        known: Variables that the call gave, over those that are stored with the action.
        targets: What ``$targets`` stands for.
    """

    fleet: Fleet
    principal: Principal
    known: Mapping[str, JSON]
    targets: Sequence[str]

    async def plan(self, steps: Sequence[Step]) -> list[PlannedStep]:
        """All steps.

        Raises:
            InvalidParams: A variable is not known, there are no targets where they are needed, or too many calls.
            NotFound: A set does not exist.
        """
        used = {name for step in steps for name in variables.names([step.params, step.dst])}
        kept = await registry.kept_variables(self.fleet, used - set(self.known), self.principal)
        known = {**kept, **self.known}
        planned: list[PlannedStep] = []
        left = MAX_CALLS
        for number, step in enumerate(steps):
            planned.append(await self._step(step, known, f"steps.{number}", left))
            left -= len(planned[-1].dst)
        return planned

    async def _step(self, step: Step, known: Mapping[str, JSON], path: str, most: int) -> PlannedStep:
        _require_short(step.params, known, f"{path}.params")
        return PlannedStep(
            method=step.method,
            params=variables.fill(step.params, known, f"{path}.params"),
            dst=tuple(await self._devices(self._written(step.dst, known, f"{path}.dst"), most)),
            on_error=step.on_error,
            wait_s=step.wait_s,
        )

    def _written(self, dst: Sequence[str], known: Mapping[str, JSON], path: str) -> Iterator[str]:
        """What destinations say once variables are filled in."""
        for number, written in enumerate(dict.fromkeys(dst)):
            where = f"{path}.{number}"
            yield from self._targets(where) if written == TARGETS else _names(written, known, where)

    async def _devices(self, names: Iterator[str], most: int) -> list[str]:
        """Ids of devices, each once; with a turn for others now and then, for there may be many."""
        found: dict[str, str] = {}
        for number, (device, _) in enumerate(members(self.fleet, names, self.principal)):
            found.setdefault(device.lower(), device)
            if len(found) > most:
                raise InvalidParams.at("targets", f"that makes more than {MAX_CALLS:,} calls; start a job instead")
            if number % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)
        return list(found.values())

    def _targets(self, path: str) -> Sequence[str]:
        if not self.targets:
            raise InvalidParams.at("targets", f"name devices: {path} asks for them")
        return self.targets


def _names(written: str, known: Mapping[str, JSON], path: str) -> list[str]:
    """A destination, or several where a variable holds a list."""
    filled = variables.fill(written, known, path)
    names = filled if isinstance(filled, list) else [filled]
    if not all(isinstance(name, str) and 0 < len(name) <= 200 for name in names):
        raise InvalidParams.at(path, "is no id of a device, nor a list of ids")
    return names


def _require_short(params: JSON, known: Mapping[str, JSON], path: str) -> None:
    """Refuse parameters that many variables, or one of many characters used often, would blow up."""
    sizes: dict[str, int] = {}
    size = 0
    for name in variables.names(params):
        if name in known and name not in sizes:
            sizes[name] = len(json.dumps(known[name]))
        size += sizes.get(name, 0)
        if size > FILLED_BYTES:
            raise InvalidParams.at(path, f"with its variables it has more than {FILLED_BYTES // 1024} KiB")
