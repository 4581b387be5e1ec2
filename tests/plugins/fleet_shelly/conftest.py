"""Real device dumps and the references they came with, where this machine has them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from fleet_shelly import Shelly
from plugin_sdk import JSON, ComponentType, JSONObject

SHARED = Path(__file__).parents[4] / "shared"
DEVICES = SHARED / "devices"
REFERENCE = SHARED / "reference"


def read_dump(path: Path) -> JSONObject:
    """A dump as a connected device would be known: dynamic components among the others.

    ``{file, id, name, status, settings}``; id is empty in the dumps that are partial.
    """
    raw = json.loads(path.read_text())
    status, settings = dict(raw["status"] or {}), dict(raw["config"] or {})
    listed = raw["components"] or []
    for component in listed["components"] if isinstance(listed, dict) else listed:
        status[component["key"]] = component.get("status") or {}
        settings[component["key"]] = component.get("config") or {}
    info = raw["info"] or {}
    device = (settings.get("sys") or {}).get("device") or {}
    name = info.get("name") or device.get("name") or info.get("id", "")
    return {"file": path.stem, "id": info.get("id", ""), "name": name, "status": status, "settings": settings}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "dump" not in metafunc.fixturenames:
        return
    dumps = [read_dump(path) for path in sorted(DEVICES.glob("*.json"))]
    missing = pytest.param({}, marks=pytest.mark.skip(reason=f"no device dumps in {DEVICES}"))
    metafunc.parametrize("dump", dumps or [missing], ids=lambda dump: dump.get("file", "none"))


@pytest.fixture(scope="session")
def types() -> Mapping[str, ComponentType]:
    return {component.type: component for component in Shelly().fleet_register_components()}


@pytest.fixture(scope="session")
def dumps() -> list[JSONObject]:
    if not DEVICES.is_dir():
        pytest.skip(f"no device dumps in {DEVICES}")
    return [read_dump(path) for path in sorted(DEVICES.glob("*.json"))]


@pytest.fixture(scope="session")
def reference() -> Path:
    if not REFERENCE.is_dir():
        pytest.skip(f"no references in {REFERENCE}")
    return REFERENCE


@pytest.fixture(scope="session")
def catalogue(reference: Path) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Component type to ``{"status": {path: unit}, "config": {path: unit}}``.

    From section B of the protocol reference, which was made from more devices than there are dumps.
    """
    types: dict[str, dict[str, dict[str, str]]] = {}
    current: dict[str, dict[str, str]] = {}
    for line in (reference / "shelly-protocol.md").read_text().splitlines():
        if heading := re.match(r"#### `(\w+)`", line):
            current = types.setdefault(heading[1], {"status": {}, "config": {}})
        elif part := re.match(r"- (status|config): ", line):
            current[part[1]] = dict(re.findall(r"`([^`]+)`:[\w|]+(?: \[([^\]]+)\])?", line))
    return types


@pytest.fixture(scope="session")
def real(
    dumps: list[JSONObject], catalogue: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> Mapping[str, Mapping[str, set[str]]]:
    """Component type to ``{"status": {path}, "config": {path}}`` of all real devices."""
    found = {kind: {part: set(paths) for part, paths in parts.items()} for kind, parts in catalogue.items()}
    for dump in dumps:
        for part, components in (("status", dump["status"]), ("config", dump["settings"])):
            for key, value in components.items():
                kind = found.setdefault(key.partition(":")[0], {"status": set(), "config": set()})
                kind[part].update(paths_in(value))
    return found


def paths_in(value: JSON, prefix: str = "") -> Iterator[str]:
    """All dotted paths in an object."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield f"{prefix}{key}"
        yield from paths_in(inner, f"{prefix}{key}.")
