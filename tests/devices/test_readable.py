"""What may be written and never read is not kept, whatever a device answers."""

from __future__ import annotations

from fleet_platform.devices.readable import readable
from plugin_sdk import ComponentType

LAMP = ComponentType(
    type="lamp",
    namespace="Lamp",
    title="Lamp",
    settings={
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "pass": {"type": "string", "writeOnly": True},
            "ap": {"type": "object", "properties": {"pass": {"type": "string", "writeOnly": True}}},
        },
    },
)


def test_secrets_become_null_and_all_else_stays() -> None:
    settings = {
        "lamp:0": {"name": "Hall", "pass": "s", "ap": {"ssid": "x", "pass": "s"}, "more": {"pass": 1}},
        "lamp:1": {"ap": None},
        "other": {"pass": "s"},
        "odd": 5,
    }
    assert readable(settings, {"lamp": LAMP}) == {
        "lamp:0": {"name": "Hall", "pass": None, "ap": {"ssid": "x", "pass": None}, "more": {"pass": 1}},
        "lamp:1": {"ap": None},
        "other": {"pass": "s"},
        "odd": 5,
    }
