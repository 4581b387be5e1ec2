"""Models that no dump exists of, made from those that one does. Constant data.

Three kinds: an earlier hardware revision or a regional variant of a model, with the same components by its name; the
same with another transformer; and a sibling whose components the maker's documentation lists. Of the last, app and id
prefix follow the maker's way of naming and are not confirmed, nor is that their fields are those of the model they
are made from.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleet_platform.simulator.models.family import like
from fleet_platform.simulator.models.gen3 import GEN3
from fleet_platform.simulator.models.gen4 import GEN4
from fleet_platform.simulator.models.model import Model
from fleet_platform.simulator.models.plus import PLUS
from fleet_platform.simulator.models.pro import PRO

_KNOWN = {model.code: model for model in (*PLUS, *PRO, *GEN3, *GEN4)}

_SAME = (
    ("SNGW-0A11WW010", "Shelly Plus 10V", "SNDM-00100WW"),
    ("SNPL-10112EU", "Shelly Plus Plug S", "SNPL-00112EU"),
    ("SNSW-001P15UL", "Shelly Plus 1PM UL", "SNSW-001P16EU"),
    ("SNSW-001X15UL", "Shelly Plus 1 UL", "SNSW-001X16EU"),
    ("SNSW-002P15UL", "Shelly Plus 2PM UL", "SNSW-102P16EU"),
    ("SNSW-002P16EU", "Shelly Plus 2PM", "SNSW-102P16EU"),
    ("SPEM-003CEBEU120", "Shelly Pro 3EM", "SPEM-003CEBEU"),
    ("SPSW-001PE16EU", "Shelly Pro 1PM", "SPSW-201PE16EU"),
    ("SPSW-001XE16EU", "Shelly Pro 1", "SPSW-201XE16EU"),
    ("SPSW-002PE16EU", "Shelly Pro 2PM", "SPSW-202PE16EU"),
    ("SPSW-002XE16EU", "Shelly Pro 2", "SPSW-202XE16EU"),
    ("SPSW-101PE16EU", "Shelly Pro 1PM", "SPSW-201PE16EU"),
    ("SPSW-101XE16EU", "Shelly Pro 1", "SPSW-201XE16EU"),
    ("SPSW-102PE16EU", "Shelly Pro 2PM", "SPSW-202PE16EU"),
    ("SPSW-102XE16EU", "Shelly Pro 2", "SPSW-202XE16EU"),
    ("SPSW-201PE15UL", "Shelly Pro 1PM UL", "SPSW-201PE16EU"),
    ("SPSW-201XE15UL", "Shelly Pro 1 UL", "SPSW-201XE16EU"),
    ("SPSW-202XE12UL", "Shelly Pro 2 UL", "SPSW-202XE16EU"),
    ("SPSW-204PE16EU", "Shelly Pro 4PM", "SPSW-104PE16EU"),
    ("S4PL-00415US", "Shelly Power Strip 4 US Gen4", "S4PL-00416EU"),
    ("S4PL-10416EU", "Shelly Power Strip 4 Gen4", "S4PL-00416EU"),
)
"""Order number, shop name, and the order number of the model it equals."""

_NO_KNX = ("knx",)


def _variants() -> Iterator[Model]:
    for code, name, same in _SAME:
        yield like(_KNOWN[same], code, name)
    pro_3em = _KNOWN["SPEM-003CEBEU"]
    for code, name, prefix, rating in (
        ("SPEM-003CEBEU63", "Shelly Pro 3EM 3CT63", "shellypro3em63", "63"),
        ("SPEM-003CEBEU400", "Shelly Pro 3EM-400", "shellypro3em400", "400"),
    ):
        phases = {
            "triphase": f"em.{rating} emdata temperature.inside",
            "monophase": f"3*em1.{rating} 3*em1data temperature.inside",
        }
        yield like(pro_3em, code, name, phases, prefix=prefix)


_SIBLINGS = (
    like(_KNOWN["SPCB-02VENEU"], "SPCB-01VENEU", "Shelly Pro 1CB", prefix="shellypro1cb"),
    like(_KNOWN["SPCB-03VENEU"], "SPCB-04VENEU", "Shelly Pro 4CB", prefix="shellypro4cb"),
    like(
        _KNOWN["SNPL-00110IT"],
        "SNPL-00116US",
        "Shelly Plus Plug US",
        "switch.plug_us",
        app="PlusPlugUS",
        prefix="shellyplugus",
    ),
    like(
        _KNOWN["SNSW-001P8EU"],
        "SNPM-001PCEU16",
        "Shelly Plus PM Mini",
        "pm1",
        app="PlusPMMini",
        prefix="shellypmmini",
    ),
    like(
        _KNOWN["S3DM-0010WW"],
        "S3DM-0A101WWL",
        "Shelly Dimmer Gen3",
        "2*input.pro_button light.dimmer",
        app="DimmerG3",
        prefix="shellydimmerg3",
    ),
    like(
        _KNOWN["S3SW-0A2X4EUL"],
        "S3SW-0A1X1EUL",
        "Shelly 1L Gen3",
        "2*input switch",
        app="S1LG3",
        prefix="shelly1lg3",
        absent=_NO_KNX,
    ),
    like(
        _KNOWN["S3PM-001PCEU16"],
        "S3PL-30116EU",
        "Shelly Plug PM Gen3",
        "pm1 plugpm_ui",
        app="PlugPMG3",
        prefix="shellyplugpmg3",
        common=("ble", "bthome", "cloud", "matter"),
    ),
    like(_KNOWN["S3SN-0U12A"], "S3SN-1U12A", "Shelly AZ H&T", app="HTAZ", prefix="shellyazht"),
    like(
        _KNOWN["S3BL-D010009AEU"],
        "S3BL-C010007AEU",
        "Shelly Multicolor Bulb Gen3",
        "rgbcct.bulb",
        app="RGBCCTBulbG3",
        prefix="shellyrgbcctbulbg3",
    ),
    like(
        _KNOWN["S4SW-001X16EU"],
        "S4DM-0A101WWL",
        "Shelly Dimmer Gen4",
        "2*input.pro_button light.dimmer",
        app="DimmerG4",
        prefix="shellydimmerg4",
        absent=("modbus",),
    ),
    like(
        _KNOWN["S4SW-001X16EU"],
        "S4EM-001CXCEU63",
        "Shelly EM-63 Gen4",
        "2*em1.63 2*em1data switch.contactor",
        app="EMG4",
        prefix="shellyemg4",
        common=("ble", "bthome", "cloud", "modbus"),
    ),
    like(
        _KNOWN["S4PL-00416EU"],
        "S4PL-00116US",
        "Shelly Plug US Gen4",
        "switch.plug_g3 illuminance plugs_ui",
        app="PlugUSG4",
        prefix="shellyplugusg4",
        absent=_NO_KNX,
        zigbee=True,
    ),
    like(_KNOWN["S4SN-0071A"], "S4SN-0071Z", "Shelly Flood S Gen4"),
    like(
        _KNOWN["S4SW-001X16EU"],
        "S4SN-0A24X",
        "Shelly I4 Gen4",
        "4*input.button",
        app="I4G4",
        prefix="shellyi4g4",
        common=("ble", "bthome", "cloud", "knx", "modbus"),
    ),
    like(
        _KNOWN["S4SW-001X8EU"],
        "S4SW-0A1X1EUL",
        "Shelly 1L Gen4",
        "2*input switch",
        app="S1LG4",
        prefix="shelly1lg4",
        absent=("knx", "modbus"),
    ),
    like(
        _KNOWN["S4SW-001X8EU"],
        "S4SW-0A2X4EUL",
        "Shelly 2L Gen4",
        "2*input 2*switch",
        app="S2LG4",
        prefix="shelly2lg4",
        absent=("modbus",),
    ),
)

VARIANTS = (*_variants(), *_SIBLINGS)
