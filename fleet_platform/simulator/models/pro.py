"""Pro devices for the distribution board (generation 2). Constant data."""

from __future__ import annotations

from fleet_platform.simulator.models.family import ADDON, TOGGLE, Family

_MEMORY = (247_688, 102_076, 524_288, 196_608)
_PRO = Family(gen=2, common="ble bthome cloud eth knx", memory=_MEMORY, more={"ipv6": True})
_LED = Family(
    gen=2, common="ble bthome cloud eth", memory=_MEMORY, version="1.5.1", more={"ipv6": True, "channels": True}
)
_BREAKER = Family(gen=2, common="ble bthome cloud eth", memory=_MEMORY, more={"ipv6": True})
_METER = Family(gen=2, common="ble bthome cloud eth modbus", memory=_MEMORY, more={"ipv6": True})

_PAIR = {"switch": "2*input.pro 2*switch.pm2", "cover": "2*input.pro cover"}
_FOUR = "4*input.pro 4*switch.pm2 ui"
_PHASES = {"triphase": "em emdata temperature.inside", "monophase": "3*em1 3*em1data temperature.inside"}
# The dumps show the first; the others are named in the maker's documentation.
_STRIPS = {
    "rgbcct": "5*input.pro_button rgb.pro cct.pro",
    "light": "5*input.pro_button 5*light.strip_pm",
    "cctx2": "5*input.pro_button 2*cct.pro",
    "rgbx2light": "5*input.pro_button rgb.pro 2*light.strip_pm",
}

_row, _toggle = _PRO.row, {"device": TOGGLE}

PRO = (
    _row("Pro1", "SPSW-201XE16EU", "Shelly Pro 1", "shellypro1", "2*input.pro switch", **_toggle),
    _row("Pro1PM", "SPSW-201PE16EU", "Shelly Pro 1PM", "shellypro1pm", "2*input.pro switch.pro1", **_toggle),
    _row("Pro2", "SPSW-202XE16EU", "Shelly Pro 2", "shellypro2", "2*input.pro 2*switch", **_toggle),
    _row("Pro2PM", "SPSW-202PE16EU", "Shelly Pro 2PM", "shellypro2pm", _PAIR, **_toggle),
    _row("Pro3", "SPSW-003XE16EU", "Shelly Pro 3", "shellypro3", "3*input.pro 3*switch", **_toggle),
    _row("Pro4PM", "SPSW-104PE16EU", "Shelly Pro 4PM", "shellypro4pm", _FOUR),
    _row("Pro4PM", "SPSW-004PE16EU", "Shelly Pro 4PM", "shellypro4pm", _FOUR),
    _row("Pro4PM", "SPSH-002PE16EU", "Shelly Pro Dual Cover PM", "shellypro2cover", "4*input.pro 2*cover ui"),
    _row("ProDimmerx", "SPDM-001PE01EU", "Shelly Pro Dimmer 1PM", "shellyprodm1pm", "2*input.pro_button light.dimmer"),
    _row(
        "ProDimmerx", "SPDM-002PE01EU", "Shelly Pro Dimmer 2PM", "shellyprodm2pm", "4*input.pro_button 2*light.dimmer"
    ),
    _row(
        "ProDimmer0110VPM",
        "SPCC-001PE10EU",
        "Shelly Pro Dimmer 0/1-10V PM",
        "shellypro0110pm",
        "2*input.pro_button light.010v_pm",
    ),
    _LED.row("ProRGBWWPM", "SPDC-0D5PE16EU", "Shelly Pro RGBWW PM", "shellyprorgbwwpm", _STRIPS),
    _BREAKER.row("ProCB", "SPCB-02VENEU", "Shelly Pro 2CB", "shellypro2cb", "cb voltmeter"),
    _BREAKER.row("ProCB", "SPCB-03VENEU", "Shelly Pro 3CB", "shellypro3cb", "cb 3*voltmeter"),
    _METER.row(
        "ProEM",
        "SPEM-002CEBEU50",
        "Shelly Pro EM",
        "shellyproem50",
        "2*em1.50 2*em1data switch.contactor",
        device={**ADDON, **TOGGLE},
    ),
    _METER.row("Pro3EM", "SPEM-003CEBEU", "Shelly Pro 3EM", "shellypro3em", _PHASES, device={**ADDON, **TOGGLE}),
)
