"""The page about the simulator holds what the code has: faults with their parameters, fields of scenario files."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from fleet_platform.simulator.faults.table import FAULTS, meaning_of, parameters_of
from fleet_platform.simulator.scenario.scenario import parse_scenario
from fleet_platform.simulator.scenario.shape import Entry, Settings, Step

from .pages import ROOT, Block, blocks, check_made, sections

PAGE = "docs/simulator.md"


def test_every_fault_is_listed_with_its_parameters() -> None:
    lines = ["| fault | what it does | parameters |", "|---|---|---|"]
    for name, kind in FAULTS.items():
        parameters = [
            f"`{each.name}`{f' ({each.default})' if each.default else ''}: {each.meaning}"
            for each in parameters_of(kind)
        ]
        lines.append(f"| `{name}` | {meaning_of(kind)} | {'<br>'.join(parameters)} |")
    check_made(PAGE, "faults", "\n".join(lines) + "\n")


@pytest.mark.parametrize("shape", [Settings, Entry, Step])
def test_every_field_of_a_scenario_is_explained(shape: type[BaseModel]) -> None:
    text = sections(PAGE)["Scenario files"]
    names = [field.alias or name for name, field in shape.model_fields.items()]
    assert [name for name in names if f"`{name}`" not in text] == []


@pytest.mark.parametrize("block", [block for block in blocks("yaml") if block.page == PAGE], ids=str)
def test_scenarios_that_are_shown_can_be_played(block: Block) -> None:
    scenario = parse_scenario(block.text, name="shown", folder=ROOT)
    assert scenario.cues
