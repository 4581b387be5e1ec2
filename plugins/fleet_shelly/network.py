"""How a device reaches the world: Wi-Fi, Ethernet, cloud, MQTT, websocket."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_shelly.fields import SIGNAL, gauge, state
from fleet_shelly.schemas import Schema, boolean, choice, form, integer, section, text
from plugin_sdk import Action, ComponentType

CONNECTED = state("connected", "Connected")
ENABLE = boolean("Enable")
CERTIFICATE = choice("Check the server's certificate", None, "*", "ca.pem", "user_ca.pem")

ADDRESS: Mapping[str, Schema] = {
    "ipv4mode": choice("Address", "dhcp", "static"),
    "ip": text("IP address", nullable=True),
    "netmask": text("Netmask", nullable=True),
    "gw": text("Gateway", nullable=True),
    "nameserver": text("Name server", nullable=True),
}

STATION: Mapping[str, Schema] = {
    "enable": ENABLE,
    "ssid": text("Network", nullable=True),
    "pass": text("Password", nullable=True, secret=True),
    "is_open": boolean("Without a password"),
    **ADDRESS,
}

WIFI = ComponentType(
    type="wifi",
    namespace="Wifi",
    title="Wi-Fi",
    singleton=True,
    fields=(SIGNAL, state("status", "Connection"), gauge("ap_client_count", "", "Clients of the access point")),
    actions=(Action(name="scan", method="Wifi.Scan", label="Look for networks"),),
    events=("sta_connected", "sta_connect_fail", "sta_disconnected"),
    settings=form(
        {
            "sta": section("Network", STATION),
            "sta1": section("Second network", STATION),
            "ap": section(
                "Access point",
                {
                    "enable": ENABLE,
                    "ssid": text("Name", nullable=True),
                    "pass": text("Password", nullable=True, secret=True),
                    "is_open": boolean("Without a password"),
                    "range_extender": section("Range extender", {"enable": ENABLE}),
                },
            ),
            "roam": section(
                "Roaming",
                {
                    "rssi_thr": integer("Below", unit="dBm", maximum=0),
                    "interval": integer("Look every", unit="s", minimum=0),
                },
            ),
        }
    ),
    slow_methods=("Wifi.Scan",),
)

ETHERNET = ComponentType(
    type="eth",
    namespace="Eth",
    title="Ethernet",
    singleton=True,
    settings=form({"enable": ENABLE, "server_mode": boolean("Give addresses to others"), **ADDRESS}),
)

CLOUD = ComponentType(
    type="cloud",
    namespace="Cloud",
    title="Shelly Cloud",
    singleton=True,
    fields=(CONNECTED,),
    settings=form({"enable": ENABLE}),
)

MQTT = ComponentType(
    type="mqtt",
    namespace="Mqtt",
    title="MQTT",
    singleton=True,
    fields=(CONNECTED,),
    settings=form(
        {
            "enable": ENABLE,
            "server": text("Server", nullable=True),
            "client_id": text("Client id", nullable=True),
            "user": text("User", nullable=True),
            "pass": text("Password", nullable=True, secret=True),
            "ssl_ca": CERTIFICATE,
            "use_client_cert": boolean("Use a client certificate"),
            "topic_prefix": text("Topic prefix", max_length=300, nullable=True),
            "rpc_ntf": boolean("Publish notifications"),
            "status_ntf": boolean("Publish status"),
            "enable_rpc": boolean("Take remote calls"),
            "enable_control": boolean("Take commands"),
        }
    ),
)

OUTBOUND_WEBSOCKET = ComponentType(
    type="ws",
    namespace="WS",
    title="Outbound websocket",
    singleton=True,
    fields=(CONNECTED,),
    settings=form({"enable": ENABLE, "server": text("Server", nullable=True), "ssl_ca": CERTIFICATE}),
)

COMPONENTS = (WIFI, ETHERNET, CLOUD, MQTT, OUTBOUND_WEBSOCKET)
