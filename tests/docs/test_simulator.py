"""The page about the simulator holds what the code has: faults with their parameters, fields of scenario files."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from asyncio.subprocess import PIPE

import pytest
from pydantic import BaseModel

from fleet_platform.simulator import Simulator
from fleet_platform.simulator.faults.table import FAULTS, meaning_of, parameters_of
from fleet_platform.simulator.scenario.rehearsal import GESTURES
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


WITH_ALL = ("Plus2PM", "PlusI4", "SPDM-001PE01EU", "MiniPMG3", "Pro3EM", "EMG3", "PlusHT", "PlusSmoke", "FloodSensorG4")
"""Models that have the components in the table, together with those below."""

MORE = ("WallDisplay", "BluGwG3", "PresenceG4", "S1G4")


def gestures() -> list[tuple[str, str]]:
    """Components and gestures in the table; a button's and a switch's are not told apart."""
    lines = [line.split("|") for line in sections(PAGE)["Gestures"].splitlines() if line.startswith("| `")]
    every = [(words(kinds), words(taken)) for _, kinds, taken, _ in lines]
    return [(kind, gesture) for kinds, taken in every for kind in kinds for gesture in taken if gesture != "switch"]


def words(cell: str) -> list[str]:
    return re.findall("`([^`]+)`", cell)


async def test_every_gesture_that_is_listed_is_taken() -> None:
    async with Simulator("ws://127.0.0.1:1/shelly") as sim:
        devices = [await sim.add(model, wait=False) for model in (*WITH_ALL, *MORE)]
        covers = [await sim.add("Plus2PM", seed=1, profile="cover", wait=False)]
        listed = gestures()
        assert len(listed) > 70
        assert [
            (kind, gesture)
            for kind, gesture in listed
            if not any(
                behaviour.press(gesture)
                for device in (*devices, *covers)
                for key in device.keys(kind)
                if (behaviour := device.behaviour(key)) is not None
            )
        ] == []


@pytest.mark.parametrize("block", [block for block in blocks("yaml") if block.page == PAGE], ids=str)
def test_scenarios_that_are_shown_can_be_played(block: Block) -> None:
    scenario = parse_scenario(block.text, name="shown", folder=ROOT)
    assert scenario.cues


def test_the_gestures_that_are_offered_are_those_that_are_listed() -> None:
    """Whoever writes another is offered the nearest; all but the first word is an example."""
    offered = {gesture.split(" ")[0] for gesture in GESTURES}
    assert {gesture.split(" ")[0] for _, gesture in gestures()} - offered == set()


async def test_the_hash_of_a_password_is_made_as_shown() -> None:
    (block,) = (block for block in blocks("sh") if block.page == PAGE and "Shelly.SetAuth" in block.text)
    who, *lines, post, ask = block.text.strip().splitlines()
    assert [line.partition(" ")[0] for line in (who, post, ask)] == ["device=$(curl", "curl", "curl"]
    async with Simulator("ws://127.0.0.1:1/shelly") as sim:
        device = await sim.add("Plus1PM", wait=False)
        script = "\n".join([f"device={device.id}", *lines, 'printf %s "$auth"'])
        shell = await asyncio.create_subprocess_exec("sh", "-euc", script, stdout=PIPE)
        async with asyncio.timeout(15):
            params, _ = await shell.communicate()
        device.call("Shelly.SetAuth", json.loads(params))
        assert device.stores.ha1 == hashlib.sha256(f"admin:{device.id}:my password".encode()).hexdigest()
