"""Settings that were changed while the platform ran: weaker than whoever starts it, stronger than defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet_platform.settings import SettingsProblems, kept, load


def test_what_is_kept_counts_unless_somebody_says_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.write(tmp_path, {"port": 7012, "host": "127.0.0.1"})
    demo = {"host": "127.0.0.2"}
    loaded = load({"data": str(tmp_path)}, demo=demo)
    assert (loaded.settings.port, loaded.settings.host) == (7012, "127.0.0.1")
    assert loaded.sources["port"] == kept.ORIGIN
    assert load({"data": str(tmp_path), "port": "7013"}).settings.port == 7013
    monkeypatch.setenv("FLEET_PORT", "7014")
    assert load({"data": str(tmp_path)}).settings.port == 7014
    (tmp_path / "fleet-platform.toml").write_text("host = '127.0.0.3'\n", "utf-8")
    assert load({"data": str(tmp_path)}).settings.host == "127.0.0.3"


def test_the_folder_that_a_file_names_is_the_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLEET_DATA", raising=False)
    kept.write(tmp_path, {"port": 7012})
    config = tmp_path / "other.toml"
    config.write_text(f"data = '{tmp_path}'\n", "utf-8")
    assert load(config=config).settings.port == 7012


@pytest.mark.parametrize("text", ["{", "[]", '{"dsn": "postgresql://x"}', '{"port": "high"}'])
def test_a_file_that_is_none_of_ours_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / kept.FILE_NAME).write_text(text, "utf-8")
    with pytest.raises(SettingsProblems) as caught:
        load({"data": str(tmp_path)})
    assert any(kept.FILE_NAME in problem or kept.ORIGIN in problem for problem in caught.value.problems)


def test_what_is_written_replaces_all_that_was_kept(tmp_path: Path) -> None:
    assert kept.read(tmp_path) == {}
    kept.write(tmp_path, {"port": 1})
    kept.write(tmp_path, {"host": "::1"})
    assert kept.read(tmp_path) == {"host": "::1"}
    assert [path.name for path in tmp_path.iterdir()] == [kept.FILE_NAME]
