"""What a device has once: radios, other systems it speaks to, the wired network."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_platform.simulator.models.parts.part import Part, plain
from plugin_sdk import JSONObject

_BLE: JSONObject = {"enable": False, "rpc": {"enable": False}, "observer": {"enable": False}}

PARTS: Mapping[str, Part] = {
    "ble": plain("ble", _BLE),
    "ble.on": plain("ble", {**_BLE, "enable": True}),
    "blugw": plain("blugw", {"sys_led_enable": True}),
    "bthome": plain("bthome", {}, {"errors": ["bluetooth_disabled"]}),
    "bthome.on": plain("bthome"),
    "cloud": plain("cloud", {"enable": False, "server": "iot.shelly.cloud:6012/jrpc"}, {"connected": False}),
    "dali": plain("dali", {}, {"cg_count": None}),
    "eth": plain(
        "eth",
        {
            "enable": True,
            "server_mode": False,
            "ipv4mode": "dhcp",
            "ip": None,
            "netmask": None,
            "gw": None,
            "nameserver": None,
        },
        {"ip": None, "ip6": None},
    ),
    "knx": plain("knx", {"enable": False, "ia": "15.15.255", "routing": {"addr": "224.0.23.12:3671"}}),
    "matter": plain("matter", {"enable": False}, {"num_fabrics": 0, "commissionable": False}),
    "modbus": plain("modbus", {"enable": False}),
    "plusrgbwpm": plain("plusrgbwpm", {"hf_mode": False}),
    "zigbee": plain("zigbee", {"enable": False}, {"network_state": "disabled"}),
}
