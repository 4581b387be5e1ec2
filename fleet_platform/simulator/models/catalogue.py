"""The models that can be simulated. Constant data.

Source: ``models.csv`` of the protocol reference, and real dumps for the components of each.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from fleet_platform.simulator.models.model import Model
from plugin_sdk import JSONObject


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """What the models of a family have in common: generation, components, memory, firmware."""

    gen: int
    common: str
    memory: tuple[int, int, int, int]
    version: str = "1.7.5"
    device: JSONObject = field(default_factory=dict)


_PLUS_MEMORY = (250_596, 127_644, 393_216, 126_976)
_PRO_MEMORY = (247_688, 102_076, 524_288, 196_608)
_GEN3_MEMORY = (261_316, 82_124, 917_504, 442_368)
_GEN4_MEMORY = (344_840, 202_648, 917_504, 438_272)

PLUS = _Family(gen=2, common="ble cloud", memory=_PLUS_MEMORY)
PRO = _Family(gen=2, common="ble bthome cloud eth knx", memory=_PRO_MEMORY)
PRO_LED = _Family(gen=2, common="ble bthome cloud eth", memory=_PRO_MEMORY)
PRO_METER = _Family(gen=2, common="ble bthome cloud eth modbus", memory=_PRO_MEMORY)
WALL = _Family(
    gen=2, common="ble.wall cloud", memory=(134_217_728, 43_317_248, 5_009_186_816, 4_616_441_856), version="2.6.2"
)
PLUS3 = _Family(gen=3, common="ble cloud", memory=_GEN3_MEMORY)
GEN3 = _Family(gen=3, common="ble bthome cloud knx matter", memory=_GEN3_MEMORY)
GEN3_KNX = _Family(gen=3, common="ble bthome cloud knx", memory=_GEN3_MEMORY)
GEN3_BARE = _Family(gen=3, common="ble bthome cloud", memory=_GEN3_MEMORY)
GEN3_RADIO = _Family(gen=3, common="ble.on bthome.on cloud", memory=(267_408, 77_380, 1_310_720, 831_488))
GEN3_METER = _Family(gen=3, common="ble bthome cloud modbus", memory=_GEN3_MEMORY)
GEN4 = _Family(gen=4, common="ble bthome cloud knx matter modbus", memory=_GEN4_MEMORY)
GEN4_METER = _Family(gen=4, common="ble bthome cloud matter modbus", memory=_GEN4_MEMORY)
GEN4_BARE = _Family(gen=4, common="ble bthome cloud knx matter", memory=_GEN4_MEMORY)
SENSOR4 = _Family(gen=4, common="ble cloud matter zigbee", memory=_GEN4_MEMORY, version="1.8.99-floodsg4prod0")

_ADDON: JSONObject = {"addon_type": None}
_TOGGLE: JSONObject = {"sys_btn_toggle": True}
_PAIR = "2*input 2*switch.pm2"
_COVER = "2*input cover"


class UnknownModel(ValueError):
    """No model of that name; the text names the nearest."""


def _row(
    family: _Family,
    app: str,
    code: str,
    name: str,
    prefix: str,
    parts: str | Mapping[str, str],
    *,
    device: JSONObject | None = None,
    version: str | None = None,
    sleeps_s: int | None = None,
    gateway: bool = False,
) -> Model:
    profiles = {"": parts} if isinstance(parts, str) else parts
    return Model(
        app=app,
        code=code,
        name=name,
        gen=family.gen,
        prefix=prefix,
        profiles={profile: tuple(each.split()) for profile, each in profiles.items()},
        common=tuple(family.common.split()),
        version=version or family.version,
        memory=family.memory,
        device=device or {},
        sleeps_s=sleeps_s,
        gateway=gateway,
    )


_ROWS = (
    _row(PLUS, "Plus1", "SNSW-001X16EU", "Shelly Plus 1", "shellyplus1", "input switch", device=_ADDON),
    _row(PLUS, "Plus1PM", "SNSW-001P16EU", "Shelly Plus 1PM", "shellyplus1pm", "input switch.pm_basic", device=_ADDON),
    _row(PLUS, "Plus1Mini", "SNSW-001X8EU", "Shelly Plus 1 Mini", "shelly1mini", "input switch"),
    _row(PLUS, "Plus1PMMini", "SNSW-001P8EU", "Shelly Plus 1PM Mini", "shelly1pmmini", "input switch.pm"),
    _row(
        PLUS,
        "Plus2PM",
        "SNSW-102P16EU",
        "Shelly Plus 2PM",
        "shellyplus2pm",
        {"switch": _PAIR, "cover": _COVER},
        device=_ADDON,
    ),
    _row(PLUS, "PlusI4", "SNSN-0024X", "Shelly Plus I4", "shellyplusi4", "4*input.button", device=_ADDON),
    _row(PLUS, "PlusPlugS", "SNPL-00112EU", "Shelly Plus Plug S", "shellyplusplugs", "switch.plug plugs_ui"),
    _row(PLUS, "PlusPlugIT", "SNPL-00110IT", "Shelly Plus Plug IT", "shellyplusplugit", "switch.plug_it"),
    _row(PLUS, "PlusPlugUK", "SNPL-00112UK", "Shelly Plus Plug UK", "shellypluspluguk", "switch.plug_it"),
    _row(
        PLUS,
        "PlusRGBWPM",
        "SNDC-0D4P10WW",
        "Shelly Plus RGBW PM",
        "shellyplusrgbwpm",
        {
            "light": "4*input.button 4*light.strip plusrgbwpm",
            "rgb": "4*input.button rgb.plus plusrgbwpm",
            "rgbw": "4*input.button rgbw plusrgbwpm",
        },
        device=_ADDON,
    ),
    _row(
        PLUS,
        "Plus10V",
        "SNDM-00100WW",
        "Shelly Plus 0-10V Dimmer",
        "shellyplus010v",
        "2*input.button light.010v",
        device=_ADDON,
    ),
    _row(
        PLUS,
        "PlusHT",
        "SNSN-0013A",
        "Shelly Plus H&T",
        "shellyplusht",
        "devicepower.usb humidity temperature ht_ui",
        version="1.7.4",
        sleeps_s=7_200,
    ),
    _row(PLUS, "PlusSmoke", "SNSN-0031Z", "Shelly Plus Smoke", "shellyplussmoke", "devicepower smoke", sleeps_s=86_400),
    _row(PLUS, "BluGw", "SNGW-BT01", "Shelly BLU Gateway", "shellyblugw", "blugw"),
    _row(PRO, "Pro1PM", "SPSW-201PE16EU", "Shelly Pro 1PM", "shellypro1pm", "2*input.pro switch.pro1", device=_TOGGLE),
    _row(
        PRO,
        "Pro2PM",
        "SPSW-202PE16EU",
        "Shelly Pro 2PM",
        "shellypro2pm",
        {"switch": "2*input.pro 2*switch.pm2", "cover": "2*input.pro cover"},
        device=_TOGGLE,
    ),
    _row(PRO, "Pro3", "SPSW-003XE16EU", "Shelly Pro 3", "shellypro3", "3*input.pro 3*switch", device=_TOGGLE),
    _row(PRO, "Pro4PM", "SPSW-104PE16EU", "Shelly Pro 4PM", "shellypro4pm", "4*input.pro 4*switch.pm2 ui"),
    _row(
        PRO,
        "ProDimmerx",
        "SPDM-001PE01EU",
        "Shelly Pro Dimmer 1PM",
        "shellyprodm1pm",
        "2*input.pro_button light.dimmer",
    ),
    _row(
        PRO,
        "ProDimmerx",
        "SPDM-002PE01EU",
        "Shelly Pro Dimmer 2PM",
        "shellyprodm2pm",
        "4*input.pro_button 2*light.dimmer",
    ),
    _row(
        PRO_LED,
        "ProRGBWWPM",
        "SPDC-0D5PE16EU",
        "Shelly Pro RGBWW PM",
        "shellyprorgbwwpm",
        {"rgbcct": "5*input.pro_button rgb.pro cct.pro"},
    ),
    _row(PRO_LED, "ProCB", "SPCB-02VENEU", "Shelly Pro 2CB", "shellypro2cb", "cb voltmeter"),
    _row(
        PRO_METER,
        "ProEM",
        "SPEM-002CEBEU50",
        "Shelly Pro EM",
        "shellyproem50",
        "2*em1 2*em1data switch.contactor",
        device=_ADDON | _TOGGLE,
    ),
    _row(
        PRO_METER,
        "Pro3EM",
        "SPEM-003CEBEU",
        "Shelly Pro 3EM",
        "shellypro3em",
        {"triphase": "em emdata temperature", "monophase": "3*em1 3*em1data temperature"},
        device=_ADDON | _TOGGLE,
    ),
    _row(GEN3, "S1G3", "S3SW-001X16EU", "Shelly 1 Gen3", "shelly1g3", "input switch", device=_ADDON),
    _row(GEN3, "S1PMG3", "S3SW-001P16EU", "Shelly 1PM Gen3", "shelly1pmg3", "input switch.pm", device=_ADDON),
    _row(GEN3, "Mini1G3", "S3SW-001X8EU", "Shelly 1 Mini Gen3", "shelly1minig3", "input switch"),
    _row(GEN3, "Mini1PMG3", "S3SW-001P8EU", "Shelly 1PM Mini Gen3", "shelly1pmminig3", "input switch.pm"),
    _row(
        GEN3,
        "S2PMG3",
        "S3SW-002P16EU",
        "Shelly 2PM Gen3",
        "shelly2pmg3",
        {"switch": _PAIR, "cover": _COVER},
        device=_ADDON,
    ),
    _row(GEN3, "PlugSG3", "S3PL-00112EU", "Shelly Plug S Gen3", "shellyplugsg3", "switch.plug_g3 plugs_ui"),
    _row(
        GEN3,
        "OutdoorPlugSG3",
        "S3PL-20112EU",
        "Shelly Outdoor Plug S Gen3",
        "shellyoutdoorsg3",
        "switch.plug_g3 plugs_ui",
    ),
    _row(GEN3_KNX, "S2PMG3Shutter", "S3SH-0A2P4EU", "Shelly Shutter", "shellyshutter", "2*input cover", device=_ADDON),
    _row(GEN3_KNX, "I4G3", "S3SN-0024X", "Shelly I4 Gen3", "shellyi4g3", "4*input.button", device=_ADDON),
    _row(
        GEN3_KNX,
        "Dimmer0110VPMG3",
        "S3DM-0010WW",
        "Shelly Dimmer 0/1-10V PM Gen3",
        "shelly0110dimg3",
        "2*input.pro_button light.010v_g3",
        device=_ADDON,
    ),
    _row(GEN3_BARE, "MiniPMG3", "S3PM-001PCEU16", "Shelly PM Mini Gen3", "shellypmminig3", "pm1"),
    _row(
        GEN3_BARE,
        "EMG3",
        "S3EM-002CXCEU",
        "Shelly EM Gen3",
        "shellyemg3",
        "2*em1 2*em1data switch.contactor",
        device=_ADDON,
    ),
    _row(GEN3_RADIO, "BluGwG3", "S3GW-1DBT001", "Shelly BLU Gateway Gen3", "shellyblugwg3", "blugw", gateway=True),
    _row(
        PLUS3,
        "HTG3",
        "S3SN-0U12A",
        "Shelly H&T Gen3",
        "shellyhtg3",
        "devicepower.usb humidity temperature ht_ui",
        sleeps_s=7_200,
    ),
    _row(
        GEN3_METER,
        "S3EMG3",
        "S3EM-003CXCEU63",
        "Shelly 3EM-63 Gen3",
        "shelly3em63g3",
        {"triphase": "em emdata temperature"},
        device=_ADDON,
    ),
    _row(GEN4_METER, "MiniEMG4", "S4EM-001PXCEU16", "Shelly EM Mini Gen4", "shellyemminig4", "em1 em1data"),
    _row(GEN4, "S1G4", "S4SW-001X16EU", "Shelly 1 Gen4", "shelly1g4", "input switch", device=_ADDON),
    _row(GEN4, "S1PMG4", "S4SW-001P16EU", "Shelly 1PM Gen4", "shelly1pmg4", "input switch.pm", device=_ADDON),
    _row(GEN4, "Mini1G4", "S4SW-001X8EU", "Shelly 1 Mini Gen4", "shelly1minig4", "input switch"),
    _row(GEN4, "Mini1PMG4", "S4SW-001P8EU", "Shelly 1PM Mini Gen4", "shelly1pmminig4", "input switch.pm"),
    _row(
        GEN4,
        "S2PMG4",
        "S4SW-002P16EU",
        "Shelly 2PM Gen4",
        "shelly2pmg4",
        {"switch": _PAIR, "cover": _COVER},
        device=_ADDON,
    ),
    _row(GEN4_BARE, "PowerStrip", "S4PL-00416EU", "Shelly Power Strip 4 Gen4", "shellypstripg4", "4*switch.strip"),
    _row(
        SENSOR4,
        "FloodSensorG4",
        "S4SN-0071A",
        "Shelly Flood Gen4",
        "shellyfloodg4",
        "devicepower flood",
        device={"tls_check_cert_validity_time": True, "enhanced_security": False},
        sleeps_s=43_200,
    ),
    _row(
        WALL,
        "WallDisplay",
        "SAWD-0A1XX10EU1",
        "Shelly Wall Display",
        "ShellyWallDisplay",
        "devicepower.wall humidity illuminance input.wall media switch.wall temperature thermostat ui.wall ws.wall",
    ),
)

MODELS: Mapping[str, Model] = {model.code: model for model in _ROWS}
"""All models, by order number."""

_NAMES: Mapping[str, Model] = {
    name.lower(): model for model in reversed(_ROWS) for name in (model.code, model.name, model.prefix, model.app)
}


def find_model(name: str) -> Model:
    """A model by app, order number, id prefix or shop name, in any case: ``Plus1PM``, ``SNSW-001P16EU``.

    Where several share a name the first of the catalogue is meant.

    Raises:
        UnknownModel: There is none; the text names the nearest.
    """
    found = _NAMES.get(name.lower())
    if found is None:
        near = difflib.get_close_matches(name.lower(), _NAMES, n=1, cutoff=0.4)
        raise UnknownModel(f"no model {name!r}" + (f"; did you mean {_NAMES[near[0]].app}?" if near else ""))
    return found
