"""Lights: white, coloured and of adjustable colour temperature.

All lights of a device family share one shape; they differ in their colour channels, which appear alike in
``Set``, in night mode and in the presets of a push button.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_shelly.actions import TOGGLE_AFTER, parameter, reset_counters
from fleet_shelly.fields import CURRENT, DEVICE_TEMPERATURE, ENERGY, OUTPUT, POWER, VOLTAGE, gauge
from fleet_shelly.schemas import (
    AUTO_TIMERS,
    COLOUR,
    LIMITS,
    NAME,
    PERIOD,
    Schema,
    array,
    boolean,
    choice,
    form,
    integer,
    number,
    percent,
    section,
)
from plugin_sdk import Action, ComponentType, ComponentView, EntitySpec, MeasuredField

BRIGHTNESS = percent("Brightness")
WHITE = integer("White", minimum=0, maximum=255)
COLOUR_TEMPERATURE = integer("Colour temperature", unit="K", minimum=0)
FADE_RATE = parameter(integer("Fade rate", minimum=1, maximum=5))


def _is_uncalibrated_dimmer(view: ComponentView) -> bool:
    return "uncalibrated" in (view.status.get("flags") or ())


def _actions(namespace: str, channels: Mapping[str, Schema]) -> tuple[Action, ...]:
    colours = {name: parameter(schema) for name, schema in channels.items()}
    return (
        Action(name="toggle", method=f"{namespace}.Toggle", label="Toggle"),
        Action(
            name="set",
            method=f"{namespace}.Set",
            label="Set",
            parameters={
                "on": parameter(boolean("On")),
                "brightness": parameter(BRIGHTNESS),
                **colours,
                "transition_duration": parameter(number("Transition", unit="s", minimum=0)),
                "toggle_after": TOGGLE_AFTER,
            },
        ),
        Action(
            name="dim_up",
            method=f"{namespace}.DimUp",
            label="Dim up",
            parameters={"fade_rate": FADE_RATE},
        ),
        Action(
            name="dim_down",
            method=f"{namespace}.DimDown",
            label="Dim down",
            parameters={"fade_rate": FADE_RATE},
        ),
        Action(name="dim_stop", method=f"{namespace}.DimStop", label="Stop dimming"),
    )


def _settings(channels: Mapping[str, Schema], further: Mapping[str, Schema]) -> Schema:
    preset = section("Double push", {"brightness": BRIGHTNESS, **channels})
    return form(
        {
            "name": NAME,
            "in_mode": choice("Input mode", "follow", "flip", "activate", "detached", "dim", "dual_dim"),
            "initial_state": choice("State after power-on", "off", "on", "restore_last"),
            **AUTO_TIMERS,
            "transition_duration": number("Transition", unit="s", minimum=0),
            "min_brightness_on_toggle": percent("Least brightness when toggled"),
            "night_mode": section(
                "Night mode",
                {"enable": boolean("Enable"), "brightness": BRIGHTNESS, **channels, "active_between": PERIOD},
            ),
            "button_fade_rate": integer("Fade rate of the button", minimum=1, maximum=5),
            "button_presets": section("Button presets", {"button_doublepush": preset}),
            **further,
            **LIMITS,
        }
    )


def _light(
    component_type: str,
    namespace: str,
    *,
    title: str,
    entity: EntitySpec,
    channels: Mapping[str, Schema],
    fields: tuple[MeasuredField, ...] = (),
    actions: tuple[Action, ...] = (),
    settings: Mapping[str, Schema] | None = None,
) -> ComponentType:
    return ComponentType(
        type=component_type,
        namespace=namespace,
        title=title,
        entity=entity,
        fields=(
            OUTPUT,
            gauge("brightness", "%", "Brightness"),
            *fields,
            POWER,
            VOLTAGE,
            CURRENT,
            ENERGY,
            DEVICE_TEMPERATURE,
        ),
        actions=(*_actions(namespace, channels), *actions),
        settings=_settings(channels, settings or {}),
    )


RANGE = {"range_map": array("Range of brightness", percent("Brightness"), length=2, nullable=True)}

LIGHT = _light(
    "light",
    "Light",
    title="Light",
    entity=EntitySpec(suffix="light", type="light", label="Light"),
    channels={},
    actions=(
        reset_counters("Light", "aenergy"),
        Action(
            name="calibrate",
            method="Light.Calibrate",
            label="Calibrate",
            # Only a dimmer answers, and only this flag tells a dimmer from other lights.
            available=_is_uncalibrated_dimmer,
        ),
    ),
    settings={"op_mode": integer("Operating mode", minimum=0), **RANGE},
)

RGB = _light(
    "rgb",
    "RGB",
    title="RGB light",
    entity=EntitySpec(suffix="rgb", type="rgb", label="RGB", label_always=True),
    channels={"rgb": COLOUR},
    actions=(reset_counters("RGB", "aenergy"),),
)

RGBW = _light(
    "rgbw",
    "RGBW",
    title="RGBW light",
    entity=EntitySpec(suffix="rgbw", type="rgbw", label="RGBW", label_always=True),
    channels={"rgb": COLOUR, "white": WHITE},
    fields=(gauge("white", "", "White"),),
    actions=(reset_counters("RGBW", "aenergy"),),
)

CCT = _light(
    "cct",
    "CCT",
    title="CCT light",
    entity=EntitySpec(suffix="cct", type="cct", label="CCT Light", label_always=True),
    channels={"ct": COLOUR_TEMPERATURE},
    fields=(gauge("ct", "K", "Colour temperature"),),
    settings={
        "ct_range": array("Range of colour temperature", COLOUR_TEMPERATURE, length=2, nullable=True),
        **RANGE,
    },
)

RGBCCT = _light(
    "rgbcct",
    "RGBCCT",
    title="RGB and CCT light",
    entity=EntitySpec(suffix="rgbcct", type="rgbcct", label="RGBCCT Light", label_always=True),
    channels={"mode": choice("Mode", "rgb", "cct"), "rgb": COLOUR, "ct": COLOUR_TEMPERATURE},
    fields=(gauge("ct", "K", "Colour temperature"),),
)

COMPONENTS = (LIGHT, RGB, RGBW, CCT, RGBCCT)
