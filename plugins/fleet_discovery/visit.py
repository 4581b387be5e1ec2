"""What a device tells when it is called: who it is, and where its websocket is pointed."""

from __future__ import annotations

from dataclasses import dataclass

from fleet_discovery.book import Asked
from fleet_discovery.local_device import LocalDevice
from fleet_discovery.server_url import is_same, shown
from plugin_sdk import JSONObject
from plugin_sdk.errors import Unavailable

_TEXT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """A device's settings of its outbound websocket.

    Attributes:
        ssl_ca: What it checks a ``wss`` address with; None if it does not say.
    """

    enable: bool
    server: str
    ssl_ca: str | None = None

    def leads_to(self, url: str) -> bool:
        """Whether the device connects to that address."""
        return self.enable and is_same(self.server, url)

    def leads_elsewhere(self, url: str) -> bool:
        """Whether the device connects to another address."""
        return self.enable and bool(self.server) and not is_same(self.server, url)

    def to_json(self) -> JSONObject:
        """``{enable, server}``; a token in the address is hidden."""
        return {"enable": self.enable, "server": shown(self.server) if self.server else None}


async def outbound_of(device: LocalDevice) -> Outbound:
    """Read where a device connects to.

    Raises:
        FleetError: As :meth:`LocalDevice.call`.
    """
    config = await device.call("Ws.GetConfig")
    if not isinstance(config, dict):
        raise Unavailable("the device tells no settings of its websocket", part="device")
    server = config.get("server")  # a Wall Display that was never pointed anywhere has no such key
    ssl_ca = config.get("ssl_ca")
    return Outbound(
        enable=config.get("enable") is True,
        server=server if isinstance(server, str) else "",
        ssl_ca=ssl_ca if isinstance(ssl_ca, str) else None,
    )


def asked(info: JSONObject, outbound: Outbound | None, url: str) -> Asked:
    """What is kept of a visit."""
    leads = outbound is not None and outbound.enable and bool(outbound.server)
    return Asked(
        name=text(info, "name"),
        model=text(info, "model"),
        server=shown(outbound.server) if leads and outbound is not None else None,
        known=outbound is not None,
        here=outbound is not None and outbound.leads_to(url),
    )


def text(info: JSONObject, key: str) -> str | None:
    """A text of a device, fit to be shown; None if there is none."""
    value = info.get(key)
    if not isinstance(value, str) or not value:
        return None
    return "".join(each for each in value[:_TEXT] if each.isprintable()) or None
