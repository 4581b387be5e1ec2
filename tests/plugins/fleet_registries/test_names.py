"""Names that can always be those of files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet_registries.names import registry_name
from plugin_sdk.errors import InvalidParams


@given(st.text(max_size=60) | st.text(alphabet="ab./\\ -_\0\n", max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_a_name_is_that_of_a_file_within_the_folder_or_refused(tmp_path: Path, given_name: str) -> None:
    try:
        name = registry_name(given_name)
    except InvalidParams:
        return
    assert registry_name(name) == name
    file = tmp_path / f"{name}.json"
    file.write_text("{}")
    assert file.resolve().parent == tmp_path.resolve()
    file.unlink()


@pytest.mark.parametrize("name", ["memory", "ui", "action-variables", "Actions", "a.b", "my registry", "Häuser", "x"])
def test_ordinary_names_are_taken(name: str) -> None:
    assert registry_name(name) == name.lower()
