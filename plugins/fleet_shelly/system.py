"""The device itself: system, scripts, services."""

from __future__ import annotations

from fleet_shelly.actions import parameter
from fleet_shelly.fields import counter, gauge, state
from fleet_shelly.schemas import NAME, boolean, choice, form, integer, number, section, text
from plugin_sdk import Action, ComponentType, ComponentView


def _has_update(view: ComponentView) -> bool:
    return bool(view.status.get("available_updates"))


def _is_running(view: ComponentView) -> bool:
    return view.status.get("running") is True


def _is_stopped(view: ComponentView) -> bool:
    return not _is_running(view)


SYS = ComponentType(
    type="sys",
    namespace="Sys",
    title="System",
    singleton=True,
    fields=(
        counter("uptime", "s", "Uptime"),
        gauge("ram_free", "B", "Free memory"),
        gauge("ram_min_free", "B", "Least free memory"),
        gauge("fs_free", "B", "Free storage"),
        state("restart_required", "Restart required"),
    ),
    actions=(
        Action(
            name="reboot",
            method="Shelly.Reboot",
            label="Reboot",
            parameters={"delay_ms": parameter(integer("After", unit="ms", minimum=500))},
        ),
        Action(name="check_for_update", method="Shelly.CheckForUpdate", label="Check for updates"),
        Action(
            name="update",
            method="Shelly.Update",
            label="Update",
            parameters={"stage": parameter(choice("Stage", "stable", "beta"), required=True)},
            available=_has_update,
        ),
    ),
    events=(
        "ota_begin",
        "ota_progress",
        "ota_success",
        "ota_error",
        "scheduled_restart",
        "sleep",
        "component_added",
        "component_removed",
    ),
    settings=form(
        {
            "device": section(
                "Device",
                {
                    "name": NAME,
                    "eco_mode": boolean("Eco mode"),
                    "discoverable": boolean("Discoverable"),
                    "sys_btn_toggle": boolean("The device's button toggles its output"),
                    "addon_type": text("Add-on", nullable=True),
                },
            ),
            "location": section(
                "Location",
                {
                    "tz": text("Time zone", nullable=True),
                    "lat": number("Latitude", unit="°", minimum=-90, maximum=90, nullable=True),
                    "lon": number("Longitude", unit="°", minimum=-180, maximum=180, nullable=True),
                },
                nullable=True,
            ),
            "sntp": section("Clock", {"server": text("Time server", nullable=True)}),
            "rpc_udp": section(
                "Remote calls by UDP",
                {
                    "dst_addr": text("Send notifications to", nullable=True),
                    "listen_port": integer("Listen on port", minimum=0, maximum=65535, nullable=True),
                },
            ),
            "debug": section(
                "Debug log",
                {
                    "mqtt": section("MQTT", {"enable": boolean("Enable")}),
                    "websocket": section("Websocket", {"enable": boolean("Enable")}),
                    "udp": section("UDP", {"addr": text("Send to", nullable=True)}),
                },
            ),
        }
    ),
)

SCRIPT = ComponentType(
    type="script",
    namespace="Script",
    title="Script",
    # Numbered from 1 and made by people, but not in the range of dynamic components.
    fields=(
        state("running", "Running"),
        gauge("mem_used", "B", "Memory"),
        gauge("mem_peak", "B", "Most memory"),
        gauge("mem_free", "B", "Free memory"),
        gauge("cpu", "%", "Processor"),
    ),
    actions=(
        Action(name="start", method="Script.Start", label="Start", available=_is_stopped),
        Action(name="stop", method="Script.Stop", label="Stop", available=_is_running),
    ),
    settings=form({"name": text("Name", nullable=True), "enable": boolean("Start with the device")}),
)

SERVICE = ComponentType(
    type="service",
    namespace="Service",
    title="Service",
    fields=(state("state", "State"), gauge("stats.mem", "B", "Memory"), gauge("stats.mem_peak", "B", "Most memory")),
)

COMPONENTS = (SYS, SCRIPT, SERVICE)
