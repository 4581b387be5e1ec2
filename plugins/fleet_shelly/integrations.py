"""Other systems a device speaks to: Matter, Zigbee, KNX, Modbus, DALI, serial lines."""

from __future__ import annotations

from fleet_shelly.fields import gauge, state
from fleet_shelly.schemas import boolean, form, section, text
from plugin_sdk import Action, ComponentType

ENABLE = boolean("Enable")

MATTER = ComponentType(
    type="matter",
    namespace="Matter",
    title="Matter",
    singleton=True,
    fields=(gauge("num_fabrics", "", "Fabrics"), state("commissionable", "Commissionable")),
    actions=(Action(name="get_setup_code", method="Matter.GetSetupCode", label="Show the setup code"),),
    settings=form({"enable": ENABLE}),
)

ZIGBEE = ComponentType(
    type="zigbee",
    namespace="Zigbee",
    title="Zigbee",
    singleton=True,
    fields=(state("network_state", "Network"),),
    actions=(Action(name="join", method="Zigbee.StartNetworkSteering", label="Join a network"),),
    settings=form({"enable": ENABLE}),
)

KNX = ComponentType(
    type="knx",
    namespace="KNX",
    title="KNX",
    singleton=True,
    settings=form(
        {
            "enable": ENABLE,
            "ia": text("Individual address"),
            "routing": section("Routing", {"addr": text("Multicast address")}),
        }
    ),
)

MODBUS = ComponentType(
    type="modbus", namespace="Modbus", title="Modbus", singleton=True, settings=form({"enable": ENABLE})
)

DALI = ComponentType(
    type="dali",
    namespace="DALI",
    title="DALI",
    singleton=True,
    actions=(
        Action(name="scan", method="DALI.StartScan", label="Look for devices"),
        Action(name="ping", method="DALI.PingKnownDevices", label="Ping known devices"),
    ),
    events=("scan_complete", "ping_complete"),
)

SERIAL = ComponentType(type="serial", namespace="Serial", title="Serial line")

COMPONENTS = (MATTER, ZIGBEE, KNX, MODBUS, DALI, SERIAL)
