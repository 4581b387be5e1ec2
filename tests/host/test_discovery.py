from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from importlib_metadata import Distribution, EntryPoint, PathDistribution

from fleet_platform.host import HostServices
from fleet_platform.host.discovery import discover

GROUP = "fleet_platform.plugins"


def installed(folder: Path, distribution: str, *names: str) -> list[EntryPoint]:
    """Entry points of a distribution, as an installer writes them."""
    info = folder / f"{distribution.replace('-', '_')}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
    lines = "\n".join(f"{name} = somewhere_{distribution.replace('-', '_')}:Plugin" for name in names)
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}\n")
    dist: Distribution = PathDistribution(info)
    return list(dist.entry_points)


def test_plugins_come_in_the_order_of_their_names_with_distribution_and_version(tmp_path: Path) -> None:
    found = discover(installed(tmp_path, "acme", "zebra", "ant"))
    assert [(each.name, each.distribution, each.version) for each in found] == [
        ("ant", "acme", "1.2"),
        ("zebra", "acme", "1.2"),
    ]


def test_bundled_plugins_are_found_by_the_same_door_as_any() -> None:
    bundled = {each.name for each in discover() if each.distribution == "fleet-platform"}
    assert {"admission", "greetings", "local_users", "policies", "shelly"} <= bundled


def test_of_two_plugins_with_one_name_the_platforms_own_counts(tmp_path: Path) -> None:
    entries = [*installed(tmp_path, "acme", "shelly"), *installed(tmp_path, "fleet-platform", "shelly")]
    first, second = discover(entries)
    assert (first.name, first.distribution, first.problem) == ("shelly", "fleet-platform", None)
    assert second.name == "shelly@acme"
    assert second.problem == "The name shelly is taken by the plugin of fleet-platform."


@pytest.mark.parametrize("name", ["Upper", "with-hyphen", "1st", "a" * 49, "core", "ä"])
def test_name_that_cannot_be_a_schema_or_is_the_platforms_own_is_a_problem(name: str) -> None:
    (found,) = discover([EntryPoint(name=name, value="x:Y", group=GROUP)])
    assert found.problem is not None


def test_entry_point_without_a_distribution_is_a_plugin_all_the_same() -> None:
    (found,) = discover([EntryPoint(name="loose", value="x:Y", group=GROUP)])
    assert (found.distribution, found.version, found.problem) == (None, None, None)


async def test_plugin_with_a_problem_is_quarantined_without_being_imported(services: HostServices, entry: Any) -> None:
    from fleet_platform.host import Host

    untouched = EntryPoint(name="core", value="no_module_of_this_name:Plugin", group=GROUP)
    async with Host(services=services, entry_points=[untouched]) as host:
        assert host.records["core"].state == "quarantined"
        assert host.records["core"].reason == "The name core is the platform's own."
