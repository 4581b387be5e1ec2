"""The example of docs/migrations.md works."""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from fleet_platform.cli.migration_source import read_config
from tests.docs.pages import blocks


def shown(language: str) -> str:
    (block,) = (block for block in blocks(language) if block.page == "docs/migrations.md")
    return block.text


@pytest.fixture
def example(tmp_path: Path, database_dsn: str, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "db/visits").mkdir(parents=True)
    (tmp_path / "db/visits/1_visit.sql").write_text(shown("sql"))
    monkeypatch.chdir(tmp_path)
    return database_dsn


async def test_the_python_example_runs_twice(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown("python").replace("postgresql://fm:secret@localhost/fm", example)
    code = compile(text, "docs/migrations.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for said in ("visits/1_visit.sql True\n", "visits/1_visit.sql False\n"):
        names: dict[str, Any] = {}
        ran = eval(code, names)
        if inspect.isawaitable(ran):
            await ran
        assert capsys.readouterr().out == said


def test_the_configuration_file_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "migrations.json").write_text(shown("json"))
    config = read_config(tmp_path / "migrations.json")
    assert config.folders[0].path == tmp_path / "db/visits"
    assert json.loads(shown("json"))["schema"] == config.schema
