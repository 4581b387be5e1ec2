"""Generation 4. Constant data."""

from __future__ import annotations

from fleet_platform.simulator.models.family import ADDON, Family

_MEMORY = (344_840, 202_648, 917_504, 438_272)
_GEN4 = Family(gen=4, common="ble bthome cloud knx matter modbus", memory=_MEMORY, more={"ipv6": True, "zigbee": True})
_METER = Family(gen=4, common="ble bthome cloud matter modbus", memory=_MEMORY, more={"ipv6": True})
_STRIP = Family(gen=4, common="ble bthome cloud knx matter", memory=_MEMORY, more={"ipv6": True})
_SENSOR = Family(
    gen=4,
    common="ble cloud matter zigbee",
    memory=(306_640, 178_648, 917_504, 557_056),
    version="1.8.99-floodsg4prod0",
    more={
        "ipv6": True,
        "info": {"enhanced_security": False},
        "absent": ("wifi.ap.range_extender",),
    },
)
_APPLIANCE = Family(
    gen=4,
    common="ble bthome cloud",
    memory=(340_932, 183_172, 1_048_576, 651_264),
    version="1.8.99-dev144746",
    more={"ipv6": True, "shown": {"backup": {}}},
)

_PAIR = {"switch": "2*input 2*switch.pm2", "cover": "2*input cover"}

_row, _addon = _GEN4.row, {"device": ADDON}

GEN4 = (
    _row("S1G4", "S4SW-001X16EU", "Shelly 1 Gen4", "shelly1g4", "input switch", **_addon),
    _row("S1PMG4", "S4SW-001P16EU", "Shelly 1PM Gen4", "shelly1pmg4", "input switch.pm", **_addon),
    _row("Mini1G4", "S4SW-001X8EU", "Shelly 1 Mini Gen4", "shelly1minig4", "input switch"),
    _row("Mini1PMG4", "S4SW-001P8EU", "Shelly 1PM Mini Gen4", "shelly1pmminig4", "input switch.pm"),
    _row("S2PMG4", "S4SW-002P16EU", "Shelly 2PM Gen4", "shelly2pmg4", _PAIR, **_addon),
    _METER.row("MiniEMG4", "S4EM-001PXCEU16", "Shelly EM Mini Gen4", "shellyemminig4", "em1.mini em1data"),
    _STRIP.row(
        "PowerStrip", "S4PL-00416EU", "Shelly Power Strip 4 Gen4", "shellypstripg4", "4*switch.strip powerstrip_ui"
    ),
    _SENSOR.row(
        "FloodSensorG4", "S4SN-0071A", "Shelly Flood Gen4", "shellyfloodg4", "devicepower flood", sleeps_s=43_200
    ),
    _APPLIANCE.row(
        "PresenceG4",
        "S4SN-0U61X",
        "Shelly Presence Gen4",
        "shellypresence",
        "illuminance.word presence presencezone",
    ),
    _APPLIANCE.row("Cury", "S4PB-00CU000002", "Shelly Cury", "cury", "cury"),
)
