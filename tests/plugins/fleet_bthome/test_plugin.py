"""What the plugin brings, with and without its library."""

from __future__ import annotations

import sys

import pytest

from fleet_bthome import BTHome
from fleet_bthome.settings import BTHomeSettings


def test_without_the_library_all_but_decoding_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bthome_ble", None)
    monkeypatch.delitem(sys.modules, "fleet_bthome.decoder", raising=False)
    plugin = BTHome()
    assert plugin._codec is None
    assert {method.name for method in plugin.fleet_register_methods()} >= {"Device.AddBTHomeDevices", "BTHome.SetKey"}


def test_events_of_scripts_are_chosen_by_name() -> None:
    settings = BTHomeSettings()
    for event in ("ble.scan_result", "shelly-blu", "oxley-blu", "oh-blu.data", "bluadv"):
        assert settings.wants(event)
    for event in ("shelly-blu2", "btn", "xble.scan", ""):
        assert not settings.wants(event)
    assert not BTHomeSettings(events=[]).wants("bluadv")
    assert BTHomeSettings(events=["*"]).wants("anything")
