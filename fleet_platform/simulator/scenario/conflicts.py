"""Fields of a scenario file that do not go together, each of them being right by itself. Pure.

They are looked for in what is written, so that they are told together with fields that are wrong.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from fleet_platform.simulator.scenario.shape import ACTIONS, Entry, Step
from plugin_sdk import JSON

_BELONGS = {"gesture": "press", "params": "call", "with": "fault", "for": "fault"}
_OF_A_DUMP = {"profile": "profile", "addon": "add-on", "components": "components"}


def entry_conflicts(given: Mapping[str, JSON]) -> list[str]:
    """What does not go together in an entry of the fleet; a sentence for each."""
    has, known = _given(given), _is_known(given, Entry)
    told: list[str] = []
    if ("model" in has) == ("dump" in has) and (known or "model" in has):
        told.append("expected model or dump, one of them")
    if "mac" in has and isinstance(given.get("count"), int) and given["count"] > 1:
        told.append("several devices cannot have one mac")
    if "dump" in has:
        told += [f"a dump has its own {name}" for field, name in _OF_A_DUMP.items() if given.get(field)]
    return told


def step_conflicts(given: Mapping[str, JSON]) -> list[str]:
    """What does not go together in a step of the timeline; a sentence for each."""
    has, known = _given(given), _is_known(given, Step)
    actions = [name for name in ACTIONS if name in has]
    told: list[str] = []
    # A field with a typing error may be the one that is missing.
    if not actions and known:
        told.append(f"nothing to do; expected one of {', '.join(ACTIONS)}")
    if len(actions) > 1:
        told.append(f"{' and '.join(actions)} at once; give each a step of its own")
    for name, action in _BELONGS.items():
        if name in has and actions and action not in actions:
            told.append(f"{name!r} belongs to {action}, not to {actions[0]}")
    if "rate" in has and not has.isdisjoint(("on", "share", "pick")):
        told.append("rate is the whole fleet's")
    if has.isdisjoint(("at", "every")) and known:
        told.append("no time; expected at or every")
    if "every" not in has and not has.isdisjoint(("until", "times")) and known:
        told.append("until and times belong to every")
    if has >= {"share", "pick"}:
        told.append("share and pick at once")
    return told


def _given(fields: Mapping[str, JSON]) -> frozenset[str]:
    return frozenset(name for name, value in fields.items() if value is not None)


def _is_known(fields: Mapping[str, JSON], shape: type[BaseModel]) -> bool:
    """Whether all fields are such as there are."""
    return fields.keys() <= {field.alias or name for name, field in shape.model_fields.items()}
