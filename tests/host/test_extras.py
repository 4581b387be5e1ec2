"""A plugin that lacks an optional library is unavailable, and its reason names what to install."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from importlib_metadata import PathDistribution

from fleet_platform.host import Host, HostServices

GROUP = "fleet_platform.plugins"
METADATA = """Metadata-Version: 2.1
Name: acme
Version: 1.0
Requires-Dist: aiohttp>=3
Requires-Dist: Missing-Lib-py>=2; extra == "broker"
Requires-Dist: another_missing; python_version > "3" and extra == "lamps"
Requires-Dist: pluggy; extra == "present"
"""

LACKING_IN_A_HOOK = """
from plugin_sdk import hookimpl
class Plugin:
    @hookimpl
    def fleet_register_sinks(self):
        import missing_lib
"""


@pytest.fixture
def record_of(tmp_path: Path, packages: Any, services: HostServices) -> Any:
    """Installs a plugin of the distribution acme and tells how it fares."""

    async def load(name: str, text: str, extra: str = "") -> Any:
        packages("acme_plugin", text)
        info = tmp_path / "acme-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(METADATA)
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = acme_plugin:Plugin {extra}\n")
        async with Host(services=services, entry_points=PathDistribution(info).entry_points) as host:
            return host.records[name]

    return load


@pytest.mark.parametrize(
    ("name", "text", "extra", "install"),
    [
        ("mqtt", "import missing_lib", "", "acme[broker]"),
        ("mqtt", "import missing_lib.part.of.it", "", "acme[broker]"),
        ("mqtt", "import another_missing", "", "acme[lamps]"),
        ("mqtt", "import anything_missing", "[declared]", "acme[declared]"),
        ("lamps", "import called_otherwise", "", "acme[lamps]"),
        ("late", "class Plugin:\n    def __init__(self):\n        import missing_lib", "", "acme[broker]"),
        (
            "hook",
            LACKING_IN_A_HOOK,
            "",
            "acme[broker]",
        ),
    ],
)
async def test_missing_library_of_an_extra_makes_unavailable(
    record_of: Any, name: str, text: str, extra: Any, install: Any
) -> None:
    record = await record_of(name, text, extra)
    assert record.state == "unavailable"
    assert record.reason.endswith(f"install {install}.")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mqtt", "import no_extra_brings_this"),
        ("present", "import misspelt_library"),
        ("mqtt", "import acme_plugin.missing_part"),
        ("mqtt", "from pluggy import no_such_thing"),
    ],
)
async def test_any_other_failed_import_means_broken(record_of: Any, name: str, text: str) -> None:
    assert (await record_of(name, text)).state == "quarantined"
