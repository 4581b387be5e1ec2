import pytest

from fleet_platform.settings import PlatformSettings, effective, load, settings_table

SECRET = "canary-5a1f"


def test_effective_settings_say_value_and_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_RING_BYTES", "1MiB")
    rows = {row.name: (row.value, row.source) for row in effective(load({"port": "0"}))}
    assert rows["port"] == ("0", "--port")
    assert rows["ring_bytes"] == ("1 MiB", "FLEET_RING_BYTES")
    assert rows["host"] == ("0.0.0.0", "default")
    assert set(rows) == set(PlatformSettings.model_fields) - {"plugins"}


def test_effective_settings_hide_the_dsn_and_whatever_plugins_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_DSN", f"postgresql://u:{SECRET}@db/x")
    monkeypatch.setenv("FLEET_PLUGINS__MQTT__PASSWORD", SECRET)
    rows = effective(load())
    assert SECRET not in str(rows)
    assert {row.name for row in rows if row.value == "(hidden)"} == {"dsn", "plugins.mqtt.password"}


def test_every_setting_is_described_in_one_sentence() -> None:
    table = settings_table()
    for name, field in PlatformSettings.model_fields.items():
        assert field.description
        assert field.description.endswith(".")
        assert name == "plugins" or f"| `{name}` | `FLEET_{name.upper()}` |" in table


def test_the_table_says_the_same_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    before = settings_table()
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("FLEET_PORT", "1")
    assert settings_table() == before
