"""Plus devices (generation 2). Constant data."""

from __future__ import annotations

from fleet_platform.simulator.models.family import ADDON, Family

_PLUS = Family(gen=2, common="ble cloud", memory=(250_596, 127_644, 393_216, 126_976))
_SLEEPER = Family(
    gen=2,
    common="ble cloud",
    memory=(251_332, 153_596, 393_216, 184_320),
    more={"absent": ("wifi.ap.range_extender",)},
)
_GATEWAY = Family(gen=2, common="ble.on cloud", memory=(266_628, 113_008, 393_216, 143_360))

_PAIR = {"switch": "2*input 2*switch.pm2", "cover": "2*input cover"}
_STRIPS = {
    "light": "4*input.button 4*light.strip plusrgbwpm",
    "rgb": "4*input.button rgb.plus plusrgbwpm",
    "rgbw": "4*input.button rgbw plusrgbwpm",
}
_CLIMATE = "devicepower.usb humidity temperature ht_ui"

_row, _addon = _PLUS.row, {"device": ADDON}

PLUS = (
    _row("Plus1", "SNSW-001X16EU", "Shelly Plus 1", "shellyplus1", "input switch", **_addon),
    _row("Plus1PM", "SNSW-001P16EU", "Shelly Plus 1PM", "shellyplus1pm", "input switch.pm_basic", **_addon),
    _row("Plus1Mini", "SNSW-001X8EU", "Shelly Plus 1 Mini", "shelly1mini", "input switch"),
    _row("Plus1PMMini", "SNSW-001P8EU", "Shelly Plus 1PM Mini", "shelly1pmmini", "input switch.pm"),
    _row("Plus2PM", "SNSW-102P16EU", "Shelly Plus 2PM", "shellyplus2pm", _PAIR, **_addon),
    _row("PlusI4", "SNSN-0024X", "Shelly Plus I4", "shellyplusi4", "4*input.button", **_addon),
    _row("PlusI4", "SNSN-0D24X", "Shelly Plus I4DC", "shellyplusi4", "4*input.button", **_addon),
    _row("PlusUni", "SNSN-0043X", "Shelly Plus Uni", "shellyplusuni", "2*input input.count 2*switch.uni"),
    _row("PlusPlugS", "SNPL-00112EU", "Shelly Plus Plug S", "shellyplusplugs", "switch.plug plugs_ui"),
    _row("PlusPlugIT", "SNPL-00110IT", "Shelly Plus Plug IT", "shellyplusplugit", "switch.plug_it"),
    _row("PlusPlugUK", "SNPL-00112UK", "Shelly Plus Plug UK", "shellypluspluguk", "switch.plug_it pluguk_ui"),
    _row("PlusRGBWPM", "SNDC-0D4P10WW", "Shelly Plus RGBW PM", "shellyplusrgbwpm", _STRIPS, **_addon),
    _row(
        "Plus10V",
        "SNDM-00100WW",
        "Shelly Plus 0-10V Dimmer",
        "shellyplus010v",
        "2*input.button light.010v",
        **_addon,
    ),
    _row("PlusWallDimmer", "SNDM-0013US", "Shelly Plus Wall Dimmer", "shellypluswdus", "light.wall wd_ui"),
    _SLEEPER.row("PlusHT", "SNSN-0013A", "Shelly Plus H&T", "shellyplusht", _CLIMATE, version="1.7.4", sleeps_s=7_200),
    _SLEEPER.row(
        "PlusSmoke", "SNSN-0031Z", "Shelly Plus Smoke", "shellyplussmoke", "devicepower smoke", sleeps_s=86_400
    ),
    _GATEWAY.row("BluGw", "SNGW-BT01", "Shelly BLU Gateway", "shellyblugw", "blugw"),
)
