"""Settings of the plugin, and the part of them that ``Mdns.SetConfig`` takes."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from fleet_discovery.server_url import read_server_url
from plugin_sdk.errors import InvalidParams


def _address(text: str) -> str:
    return str(ip_address(text))


def _network(text: str) -> str:
    return str(ip_network(text, strict=False))


def _server(text: str) -> str:
    try:
        return read_server_url(text) if text else ""
    except InvalidParams as error:
        raise ValueError(error.data["errors"][0]["message"]) from error


Address = Annotated[str, Field(max_length=64), AfterValidator(_address)]
Interfaces = Annotated[list[Address], Field(max_length=32)]
NetworkText = Annotated[str, Field(max_length=64), AfterValidator(_network)]


class DiscoverySettings(BaseModel):
    """Settings of the plugin ``discovery``."""

    mdns: bool = Field(
        default=False, title="Look for devices", description="Listen to multicast DNS; also Mdns.SetConfig."
    )
    interfaces: Interfaces = Field(
        default=[],
        title="Interfaces",
        description="Addresses of this machine whose networks are listened to. Empty: all.",
    )
    public_url: Annotated[str, Field(max_length=250), AfterValidator(_server)] = Field(
        default="",
        title="Address for devices",
        description="Where devices connect to, such as wss://fleet.example/shelly. Empty: this machine's address.",
    )
    ssl_ca: Literal["ca.pem", "user_ca.pem", "*"] = Field(
        default="ca.pem",
        title="Certificates",
        description="What devices check a wss address with. ca.pem: the authorities they know. user_ca.pem: one that "
        "was uploaded to them. *: nothing.",
    )
    password: SecretStr | None = Field(
        default=None, title="Password of devices", description="Used where no other one is given."
    )
    networks: Annotated[list[NetworkText], Field(max_length=64)] = Field(
        default=[],
        title="Further networks",
        description="Networks beside the private ones where devices may be called, such as 100.64.0.0/10.",
    )
    arrive_s: float = Field(
        default=90, gt=0, le=600, title="Patience", description="How long a device may take to arrive, in seconds."
    )

    @property
    def allowed(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The further networks, to compare with."""
        return tuple(ip_network(text) for text in self.networks)


class MdnsConfig(BaseModel):
    """What ``Mdns.SetConfig`` takes."""

    model_config = ConfigDict(extra="forbid")

    enable: bool | None = None
    interfaces: Interfaces | None = None
