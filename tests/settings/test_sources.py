from pathlib import Path

import pytest

from fleet_platform.settings import SettingsProblems, load


def test_flags_beat_environment_beats_file_beats_demo_beats_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fleet-platform.toml").write_text("port = 3\nhost = 'file'\nlog_level = 'error'\ncalls_waiting = 7")
    monkeypatch.setenv("FLEET_PORT", "2")
    monkeypatch.setenv("FLEET_HOST", "environment")
    loaded = load({"port": "1", "host": None}, demo={"log_level": "debug", "log_format": "json"})
    settings = loaded.settings
    assert (settings.port, settings.host, settings.log_level, settings.calls_waiting) == (1, "environment", "error", 7)
    assert (settings.log_format, settings.calls_in_flight) == ("json", 3)
    assert loaded.sources["port"] == "--port"
    assert loaded.sources["host"] == "FLEET_HOST"
    assert loaded.sources["calls_waiting"] == str(tmp_path / "fleet-platform.toml")
    assert loaded.sources["log_format"] == "demo"
    assert "calls_in_flight" not in loaded.sources


def test_the_file_is_looked_for_in_the_working_folder_then_in_the_data_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "fleet-platform.toml").write_text("port = 1")
    assert load().settings.port == 1
    (tmp_path / "fleet-platform.toml").write_text("port = 2")
    assert load().settings.port == 2


def test_a_named_file_is_the_only_one_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "fleet-platform.toml").write_text("port = 1\nhost = 'x'")
    (tmp_path / "other.toml").write_text("port = 2")
    monkeypatch.setenv("FLEET_CONFIG", "other.toml")
    assert (load().settings.port, load().settings.host) == (2, "0.0.0.0")
    assert load(config=tmp_path / "fleet-platform.toml").settings.port == 1


def test_settings_of_plugins_are_merged_field_by_field(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "fleet-platform.toml").write_text(
        "[plugins.mqtt]\nhost = 'file'\nport = 1\n[plugins.mqtt.tls]\nca = 'x'"
    )
    monkeypatch.setenv("FLEET_PLUGINS__MQTT__PORT", "2")
    monkeypatch.setenv("FLEET_PLUGINS__LOCAL_USERS__NAMES", '["ada", "bob"]')
    monkeypatch.setenv("FLEET_PLUGINS__LOCAL_USERS__NOTE", "[not json")
    loaded = load()
    assert loaded.settings.plugins == {
        "mqtt": {"host": "file", "port": "2", "tls": {"ca": "x"}},
        "local_users": {"names": ["ada", "bob"], "note": "[not json"},
    }
    assert loaded.sources["plugins.mqtt.port"] == "FLEET_PLUGINS__MQTT__PORT"
    assert loaded.sources["plugins.mqtt.host"].endswith("fleet-platform.toml")


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_DSN", "")
    assert load().settings.dsn is None


def test_unknown_variables_are_warned_about_and_those_of_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_PROT", "1")
    for name in ("FLEET_TOKEN", "FLEET_URL", "FLEET_ADMIN_PASSWORD", "FLEET_TEST_DSN", "FLEET_FAIL_ON_SKIP"):
        monkeypatch.setenv(name, "x")
    assert load().warnings == ("FLEET_PROT is set but is no setting; did you mean FLEET_PORT?",)


def test_the_data_folder_is_absolute_and_may_start_with_a_tilde(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert load({"data": "here"}).settings.data == tmp_path / "here"
    assert str(load({"data": "~/there"}).settings.data) == "/home/ada/there"


def test_all_problems_are_raised_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("port = 1\nhost = ")
    monkeypatch.setenv("FLEET_PORT", "70000")
    with pytest.raises(SettingsProblems) as caught:
        load({"ring_age_s": "-1"}, config=tmp_path / "broken.toml")
    assert len(caught.value.problems) == 3
