"""Lights, buttons and displays on a device's own front; they have settings and hardly any status."""

from __future__ import annotations

from fleet_shelly.actions import parameter
from fleet_shelly.schemas import PERIOD, Schema, boolean, choice, form, integer, percent, section
from plugin_sdk import Action, ComponentType

BRIGHTNESS = percent("Brightness")

RING: Schema = form(
    {
        "leds": section(
            "Light ring",
            {
                "mode": choice("Shows", "power", "switch", "off"),
                "night_mode": section(
                    "Night mode", {"enable": boolean("Enable"), "brightness": BRIGHTNESS, "active_between": PERIOD}
                ),
            },
        )
    }
)


def _panel(
    namespace: str, title: str, settings: Schema | None = None, actions: tuple[Action, ...] = ()
) -> ComponentType:
    return ComponentType(
        type=namespace.lower(),
        namespace=namespace,
        title=title,
        singleton=True,
        settings=settings,
        actions=actions,
    )


SCREEN: Schema = form(
    {
        "brightness": section(
            "Brightness",
            {
                "auto": boolean("By itself"),
                "level": percent("Level"),
                "auto_off": section("Turn off", {"enable": boolean("Enable"), "by_lux": boolean("In the dark")}),
            },
        ),
        "use_F": boolean("Show Fahrenheit"),
        "disable_gestures_when_locked": boolean("No gestures when locked"),
        "screen_saver": section(
            "Screen saver", {"enable": boolean("Enable"), "timeout": integer("After", unit="s", minimum=0)}
        ),
        "relay_state_overlay": section(
            "State of the output", {"enable": boolean("Show"), "always_visible": boolean("Always")}
        ),
    }
)

COMPONENTS = (
    _panel("PLUGS_UI", "Front of a plug", RING),
    _panel("PLUGUK_UI", "Front of a plug", RING),
    _panel("PLUGPM_UI", "Front of a metering plug", RING),
    _panel("POWERSTRIP_UI", "Front of a power strip", RING),
    _panel("WD_UI", "Front of a wall dimmer", form({"sys_led_enable": boolean("Status light")})),
    _panel("HT_UI", "Display of a climate sensor", form({"temperature_unit": choice("Unit", "C", "F")})),
    _panel(
        "Ui",
        "Wall display",
        SCREEN,
        actions=(
            Action(
                name="set_screen",
                method="Ui.Screen.Set",
                label="Turn the screen on or off",
                parameters={"on": parameter(boolean("On"), required=True)},
            ),
        ),
    ),
    _panel("PlusRGBWPM", "RGBW controller", form({"hf_mode": boolean("High frequency")})),
    _panel("ProRGBWWPM", "RGBWW controller", form({"hf_mode": boolean("High frequency")})),
)
