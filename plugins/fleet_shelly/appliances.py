"""Whole appliances: thermostat, scent diffuser, media player, camera."""

from __future__ import annotations

from fleet_shelly.actions import parameter
from fleet_shelly.fields import OUTPUT, gauge, state
from fleet_shelly.schemas import NAME, boolean, choice, form, integer, number, percent, section, text
from plugin_sdk import Action, ComponentType, ComponentView, EntitySpec, MeasuredField

TARGET_TEMPERATURE = number("Target temperature", unit="°C", minimum=5, maximum=35)
SLOT = parameter(choice("Slot", "left", "right"), required=True)


def _slot(slot: str) -> tuple[MeasuredField, ...]:
    return (
        state(f"slots.{slot}.on", f"On, {slot}"),
        gauge(f"slots.{slot}.intensity", "%", f"Intensity, {slot}"),
        gauge(f"slots.{slot}.vial.level", "%", f"Vial level, {slot}"),
    )


def _is_playing(view: ComponentView) -> bool:
    return (view.status.get("playback") or {}).get("enable") is True


THERMOSTAT = ComponentType(
    type="thermostat",
    namespace="Thermostat",
    title="Thermostat",
    entity=EntitySpec(suffix="thermostat", type="thermostat", label="Thermostat", label_always=True),
    fields=(
        gauge("current_C", "°C", "Temperature"),
        gauge("target_C", "°C", "Target temperature"),
        state("enable", "Enabled"),
        OUTPUT,
    ),
    actions=(
        Action(
            name="set",
            method="Thermostat.SetConfig",
            label="Set",
            # The target is a setting, and there is no method to set it by itself.
            parameters={
                "config": parameter(
                    section("Thermostat", {"target_C": TARGET_TEMPERATURE, "enable": boolean("Enabled")}),
                    required=True,
                )
            },
        ),
    ),
    settings=form(
        {
            "name": NAME,
            "enable": boolean("Enable"),
            "type": choice("Type", "heating", "cooling"),
            "target_C": TARGET_TEMPERATURE,
            "hysteresis": number("Hysteresis", unit="°C", minimum=0),
            "display_unit": choice("Unit on the display", "C", "F"),
            "sensor": text("Sensor"),
            "actuator": text("Actuator"),
            "invert_output": boolean("Invert the output"),
            "failure_detection": boolean("Detect failures"),
        }
    ),
)

SCENT_DIFFUSER = ComponentType(
    type="cury",
    namespace="Cury",
    title="Scent diffuser",
    entity=EntitySpec(suffix="cury", type="cury", label="Scent Diffuser", label_always=True),
    fields=(*_slot("left"), *_slot("right"), state("away_mode", "Away mode")),
    actions=(
        Action(
            name="set",
            method="Cury.Set",
            label="Set a slot",
            parameters={
                "slot": SLOT,
                "on": parameter(boolean("On")),
                "intensity": parameter(percent("Intensity")),
            },
        ),
        Action(name="boost", method="Cury.Boost", label="Boost", parameters={"slot": SLOT}),
        Action(name="stop_boost", method="Cury.StopBoost", label="Stop boost", parameters={"slot": SLOT}),
        Action(
            name="set_away_mode",
            method="Cury.SetAwayMode",
            label="Away mode",
            parameters={"on": parameter(boolean("Away"), required=True)},
        ),
    ),
    settings=form(
        {
            "name": NAME,
            "auto_heating_on": boolean("Heat by itself"),
            "boost_time": integer("Boost time", minimum=0),
        }
    ),
)

MEDIA = ComponentType(
    type="media",
    namespace="Media",
    title="Media player",
    singleton=True,
    entity=EntitySpec(suffix="media", type="media", label="Media Player", label_always=True),
    fields=(state("playback.enable", "Playing"), gauge("playback.volume", "", "Volume")),
    actions=(
        Action(name="play_or_pause", method="Media.MediaPlayer.PlayOrPause", label="Play or pause"),
        Action(name="stop", method="Media.MediaPlayer.Stop", label="Stop", available=_is_playing),
        Action(name="next", method="Media.MediaPlayer.Next", label="Next"),
        Action(name="previous", method="Media.MediaPlayer.Previous", label="Previous"),
        Action(
            name="set_volume",
            method="Media.SetVolume",
            label="Volume",
            parameters={"volume": parameter(integer("Volume", minimum=0, maximum=10), required=True)},
        ),
    ),
)

CAMERA = ComponentType(
    type="camera",
    namespace="Camera",
    title="Camera",
    entity=EntitySpec(suffix="camera", type="camera", label="Camera", label_always=True),
    fields=(state("motion", "Motion"), state("arm", "Armed"), state("privacy", "Privacy")),
    actions=(
        Action(
            name="set",
            method="Camera.Set",
            label="Set",
            parameters={"arm": parameter(boolean("Armed")), "privacy": parameter(boolean("Privacy"))},
        ),
        Action(name="capture_image", method="Camera.CaptureImage", label="Take a picture"),
        Action(name="start_recording", method="Camera.StartRecording", label="Start recording"),
        Action(name="stop_recording", method="Camera.StopRecording", label="Stop recording"),
    ),
    events=(
        *("media_ready", "upload_complete", "upload_failed", "motion", "motion_end"),
        *("armed", "disarmed", "privacy_on", "privacy_off"),
    ),
)

COMPONENTS = (THERMOSTAT, SCENT_DIFFUSER, MEDIA, CAMERA)
