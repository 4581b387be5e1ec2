"""Sensors of the surroundings, alarms and the device's own power supply."""

from __future__ import annotations

from fleet_shelly.fields import gauge, state
from fleet_shelly.schemas import NAME, boolean, form, integer, number, text
from plugin_sdk import Action, ComponentType, ComponentView, EntitySpec


def _sounds(view: ComponentView) -> bool:
    return view.status.get("alarm") is True and view.status.get("mute") is not True


TEMPERATURE = ComponentType(
    type="temperature",
    namespace="Temperature",
    title="Temperature",
    entity=EntitySpec(suffix="temp", type="temperature", label="Temperature"),
    fields=(gauge("tC", "°C", "Temperature"),),
    settings=form(
        {
            "name": NAME,
            "report_thr_C": number("Report changes above", unit="°C", minimum=0),
            "offset_C": number("Offset", unit="°C", minimum=-50, maximum=50),
        }
    ),
)

HUMIDITY = ComponentType(
    type="humidity",
    namespace="Humidity",
    title="Humidity",
    entity=EntitySpec(suffix="humidity", type="humidity", label="Humidity", label_always=True),
    fields=(gauge("rh", "%", "Relative humidity"),),
    settings=form(
        {
            "name": NAME,
            "report_thr": number("Report changes above", unit="%", minimum=0),
            "offset": number("Offset", unit="%", minimum=-50, maximum=50),
        }
    ),
)

ILLUMINANCE = ComponentType(
    type="illuminance",
    namespace="Illuminance",
    title="Illuminance",
    entity=EntitySpec(suffix="illuminance", type="illuminance", label="Illuminance", label_always=True),
    fields=(gauge("lux", "lx", "Illuminance"), state("illumination", "Illumination")),
    settings=form(
        {
            "name": NAME,
            "dark_thr": integer("Dark below", unit="lx", minimum=0),
            "bright_thr": integer("Bright above", unit="lx", minimum=0),
        }
    ),
)

SMOKE = ComponentType(
    type="smoke",
    namespace="Smoke",
    title="Smoke alarm",
    entity=EntitySpec(suffix="smoke", type="smoke", label="Smoke", label_always=True),
    fields=(state("alarm", "Alarm"), state("mute", "Muted")),
    actions=(Action(name="mute", method="Smoke.Mute", label="Mute", available=_sounds),),
    settings=form({"name": NAME}),
)

FLOOD = ComponentType(
    type="flood",
    namespace="Flood",
    title="Flood alarm",
    entity=EntitySpec(suffix="flood", type="flood", label="Flood", label_always=True),
    fields=(state("alarm", "Alarm"), state("mute", "Muted")),
    settings=form(
        {
            "name": NAME,
            "alarm_mode": text("Alarm mode"),
            "report_holdoff": number("Report after", unit="s", minimum=0),
        }
    ),
)

DEVICE_POWER = ComponentType(
    type="devicepower",
    namespace="DevicePower",
    title="Power supply",
    entity=EntitySpec(suffix="devicepower", type="devicepower", label="Power Supply", label_always=True),
    fields=(
        gauge("battery.percent", "%", "Battery"),
        gauge("battery.V", "V", "Battery voltage"),
        state("external.present", "External power"),
    ),
)

PRESENCE = ComponentType(
    type="presence",
    namespace="Presence",
    title="Presence sensor",
    singleton=True,
    events=("track", "no_track"),
)

PRESENCE_ZONE = ComponentType(
    type="presencezone",
    namespace="PresenceZone",
    title="Presence zone",
    dynamic=True,
    entity=EntitySpec(suffix="presencezone", type="presencezone", label="Presence Zone", label_always=True),
    fields=(state("value", "Presence"), gauge("num_objects", "", "Objects")),
    settings=form(
        {
            "name": NAME,
            "enable": boolean("Enable"),
            "presence_thr": integer("Presence threshold", minimum=0),
            "absence_thr": integer("Absence threshold", minimum=0),
        }
    ),
)

COMPONENTS = (
    TEMPERATURE,
    HUMIDITY,
    ILLUMINANCE,
    SMOKE,
    FLOOD,
    DEVICE_POWER,
    PRESENCE,
    PRESENCE_ZONE,
)
