"""Generation 3. Constant data."""

from __future__ import annotations

from fleet_platform.simulator.models.family import ADDON, Family
from plugin_sdk import JSONObject

_MEMORY = (261_316, 82_124, 917_504, 442_368)
_GEN3 = Family(gen=3, common="ble bthome cloud knx matter", memory=_MEMORY, more={"ipv6": True})
_KNX = Family(gen=3, common="ble bthome cloud knx", memory=_MEMORY, more={"ipv6": True})
_BARE = Family(gen=3, common="ble bthome cloud", memory=_MEMORY, more={"ipv6": True})
_METER = Family(gen=3, common="ble bthome cloud modbus", memory=_MEMORY, more={"ipv6": True})
_GATEWAY = Family(
    gen=3,
    common="ble.on bthome.on cloud",
    memory=(267_408, 77_380, 1_310_720, 831_488),
    more={"ipv6": True, "gateway": True},
)
_BULB = Family(
    gen=3,
    common="ble bthome cloud",
    memory=(267_376, 141_492, 1_048_576, 610_304),
    version="1.8.99-dev144333",
    more={"ipv6": True, "shown": {"backup": {}}},
)
_SLEEPER = Family(gen=3, common="ble cloud", memory=_MEMORY, more={"ipv6": True, "absent": ("wifi.ap.range_extender",)})
_FACTORY = Family(
    gen=3,
    common="ble cloud",
    memory=(254_688, 143_656, 1_048_576, 741_376),
    version="1.2.2-plugazprod0",
    more={"absent": ("ws", "mqtt.use_client_cert", "wifi.ap.range_extender")},
)
_MODULE = Family(
    gen=3, common="ble bthome cloud", memory=(252_564, 47_748, 1_048_576, 585_728), version="1.4.99-xt-prod1"
)

_PAIR = {"switch": "2*input 2*switch.pm2", "cover": "2*input cover"}
_PHASES = {"triphase": "em.g3 emdata temperature.inside", "monophase": "3*em1.g3 3*em1data temperature.inside"}
_PLUG = "switch.plug_g3 plugs_ui"
_BUTTONS = "2*input.pro_button"
_CLIMATE = "devicepower.usb humidity temperature ht_ui.g3"
_ZONES = " ".join(f"boolean.zone{number}" for number in range(6))
_IRRIGATION = f"service.irrigation {_ZONES} enum.sequence number.average number.rain object.zones"
_FLOOR = (
    "service.floor boolean.anti_freeze boolean.child_lock boolean.enable "
    "number.humidity number.floor number.floor_target"
)
_HVAC = (
    "service.hvac boolean.anti_freeze boolean.enable enum.fan enum.work "
    "number.humidity number.room number.humidity_target number.room_target"
)

_row, _addon = _GEN3.row, {"device": ADDON}


def _product(jti: str, name: str, product: str, url: str, service: str, build: str, version: str) -> JSONObject:
    """``Shelly.GetDeviceInfo`` of another maker's product: its registration, and the service that runs in it."""
    return {
        "jti": jti,
        "jwt": {
            "aud": "XT1",
            "f": 1,
            "iat": 1_733_000_000,
            "jti": jti,
            "n": name,
            "p": product,
            "url": url,
            "v": 1,
            "xt1": {"svc0": {"type": service}},
        },
        "svc0": {"build_id": build, "type": service, "ver": version},
    }


GEN3 = (
    _row("S1G3", "S3SW-001X16EU", "Shelly 1 Gen3", "shelly1g3", "input switch", **_addon),
    _row("S1PMG3", "S3SW-001P16EU", "Shelly 1PM Gen3", "shelly1pmg3", "input switch.pm", **_addon),
    _row("Mini1G3", "S3SW-001X8EU", "Shelly 1 Mini Gen3", "shelly1minig3", "input switch"),
    _row("Mini1PMG3", "S3SW-001P8EU", "Shelly 1PM Mini Gen3", "shelly1pmminig3", "input switch.pm"),
    _row("S2PMG3", "S3SW-002P16EU", "Shelly 2PM Gen3", "shelly2pmg3", _PAIR, **_addon),
    _row("S2LG3", "S3SW-0A2X4EUL", "Shelly 2L Gen3", "shelly2lg3", "2*input 2*switch"),
    _row("PlugSG3", "S3PL-00112EU", "Shelly Plug S Gen3", "shellyplugsg3", _PLUG),
    _row("OutdoorPlugSG3", "S3PL-20112EU", "Shelly Outdoor Plug S Gen3", "shellyoutdoorsg3", _PLUG),
    _FACTORY.row("PlugAZ", "S3PL-10112EU", "Shelly AZ Plug", "shellyazplug", _PLUG),
    _KNX.row("S2PMG3Shutter", "S3SH-0A2P4EU", "Shelly Shutter", "shellyshutter", "2*input cover", **_addon),
    _KNX.row("I4G3", "S3SN-0024X", "Shelly I4 Gen3", "shellyi4g3", "4*input.button", **_addon),
    _KNX.row(
        "Dimmer0110VPMG3",
        "S3DM-0010WW",
        "Shelly Dimmer 0/1-10V PM Gen3",
        "shelly0110dimg3",
        f"{_BUTTONS} light.010v_pm",
        **_addon,
    ),
    _KNX.row("DDimmerG3", "S3DM-0A1WW", "Shelly DALI Dimmer Gen3", "shellyddimmerg3", f"{_BUTTONS} light.dali dali"),
    _BULB.row("DuoBulbG3", "S3BL-D010009AEU", "Shelly Duo Bulb Gen3", "shellyduobulbg3", "cct.bulb"),
    _BARE.row("MiniPMG3", "S3PM-001PCEU16", "Shelly PM Mini Gen3", "shellypmminig3", "pm1"),
    _BARE.row("EMG3", "S3EM-002CXCEU", "Shelly EM Gen3", "shellyemg3", "2*em1.50 2*em1data switch.contactor", **_addon),
    _METER.row("S3EMG3", "S3EM-003CXCEU63", "Shelly 3EM-63 Gen3", "shelly3em63g3", _PHASES),
    _GATEWAY.row("BluGwG3", "S3GW-1DBT001", "Shelly BLU Gateway Gen3", "shellyblugwg3", "blugw"),
    _SLEEPER.row("HTG3", "S3SN-0U12A", "Shelly H&T Gen3", "shellyhtg3", _CLIMATE, sleeps_s=7_200),
)

MODULES = (
    _MODULE.row(
        "XT1",
        "S3XT-0S",
        "Irrigation controller FK-06X",
        "irrigation",
        _IRRIGATION,
        info=_product(
            "0000C100000A",
            "Irrigation controller FK-06X",
            "Irrigation",
            "https://frankever.com/",
            "irrigation-controller",
            "20250305-144715/c28f621",
            "0.7.0-irrigation-prod0",
        ),
    ),
    _MODULE.row(
        "XT1",
        "S3XT-0S",
        "Starlight Thermostat ST1820",
        "st1820",
        _FLOOR,
        info=_product(
            "00023E000007",
            "Starlight Thermostat ST1820",
            "ST1820",
            "https://www.linkedgo-e.com/Floor_Heating_Thermostat.html",
            "linkedgo-st1820-floor-thermostat",
            "20241206-114057/aafe9c3",
            "0.5.2-st1820-prod0",
        ),
    ),
    _MODULE.row(
        "XT1",
        "S3XT-0S",
        "Youth Smart Thermostat ST802",
        "st-802",
        _HVAC,
        info=_product(
            "00023E000006",
            "Youth Smart Thermostat ST802",
            "ST-802",
            "https://www.linkedgo-e.com/",
            "linkedgo-st-802-hvac",
            "20241126-134710/490e7db",
            "0.5.2-st802-prod0",
        ),
    ),
)
"""Other makers' products with one and the same module inside; only their ids tell them apart."""
