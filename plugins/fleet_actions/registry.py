"""What the predecessor kept in its registries: actions, and variables of actions.

The registries are another plugin's; they are read with the caller's rights, and where they are missing they are empty.

Source: ``actions.rpc``: ``[{id: "action<ms>", name, type: "action", actions: [{method, params, dst: [shellyID…]}]}]``;
``action-variables``: a key for each variable.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from fleet_actions.steps import MAX_STEPS, Step
from plugin_sdk import JSON, Fleet, Principal
from plugin_sdk.errors import InvalidParams, MethodNotFound, NotFound, PermissionDenied

ACTIONS, KEY = "actions", "rpc"
VARIABLES = "action-variables"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An action as it was kept."""

    id: str
    name: str
    steps: tuple[Step, ...]


async def kept_actions(fleet: Fleet, principal: Principal) -> list[Any]:
    """What is kept as actions, as it is; empty if there is nothing."""
    kept = await _item(fleet, ACTIONS, KEY, principal)
    entries = list(kept.values()) if isinstance(kept, Mapping) else kept
    return entries if isinstance(entries, list) else []


async def kept_action(fleet: Fleet, action: str, principal: Principal) -> Kept | None:
    """A kept action by its id.

    Raises:
        InvalidParams: It has not the shape of an action.
    """
    for entry in await kept_actions(fleet, principal):
        if isinstance(entry, Mapping) and entry.get("id") == action:
            return read(entry)
    return None


async def kept_variables(fleet: Fleet, names: Collection[str], principal: Principal) -> dict[str, JSON]:
    """Values of those variables that are kept."""
    found = {name: await _item(fleet, VARIABLES, name, principal) for name in sorted(set(names)) if name}
    return {name: _value(kept) for name, kept in found.items() if kept is not None}


def read(entry: Any) -> Kept:
    """An entry of the registry as an action.

    Raises:
        InvalidParams: It has not that shape; says where.
    """
    if not isinstance(entry, Mapping) or not isinstance(entry.get("id"), str):
        raise InvalidParams.at("", "is no action: it has no id")
    steps = entry.get("actions")
    if not isinstance(steps, list) or not 0 < len(steps) <= MAX_STEPS:
        raise InvalidParams.at("actions", f"is no list of 1 to {MAX_STEPS} steps")
    name = "".join(filter(str.isprintable, str(entry.get("name") or entry["id"])))[:200]
    return Kept(id=entry["id"], name=name or entry["id"], steps=tuple(_step(step, at) for at, step in enumerate(steps)))


def _step(step: Any, number: int) -> Step:
    if not isinstance(step, Mapping):
        raise InvalidParams.at(f"actions.{number}", "is no step")
    dst = step.get("dst")
    shape = {"method": step.get("method"), "params": step.get("params") or {}}
    if dst:
        shape["dst"] = [dst] if isinstance(dst, str) else dst
    try:
        # The predecessor went on with the next step whatever came of one.
        return Step.model_validate({**shape, "on_error": "continue"})
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = ".".join(str(part) for part in ("actions", number, *fault["loc"]))
        raise InvalidParams.at(path, fault["msg"]) from error


def _value(kept: JSON) -> JSON:
    """A variable is kept as its value, or as an object that has it: ``{name, value}``."""
    return kept["value"] if isinstance(kept, Mapping) and "value" in kept else kept


async def _item(fleet: Fleet, registry: str, key: str, principal: Principal) -> JSON:
    try:
        return await fleet.invoke("Storage.GetItem", {"registry": registry, "key": key}, on_behalf_of=principal)
    except (MethodNotFound, NotFound, PermissionDenied, InvalidParams):
        return None
