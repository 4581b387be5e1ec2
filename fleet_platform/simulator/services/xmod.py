"""``XMOD.*``: what product a module was made part of ("Powered by Shelly").

Source: names from ``Shelly.ListMethods`` of a thermostat ST1820; shapes from the type definitions
taulfsime/shelly-rpc-ts. The token's signature is not known and left empty.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import orjson

from plugin_sdk import JSON, JSONObject

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_HEADER: JSONObject = {"alg": "ES256", "typ": "JWT"}


def offered(device: Machine) -> bool:
    """Modules: devices whose identity holds a product's token."""
    return isinstance(device.state.info.get("jwt"), dict)


def get_info(device: Machine, _params: JSONObject) -> JSON:
    """The token's content."""
    return device.state.info["jwt"]


def get_product_jws(device: Machine, _params: JSONObject) -> JSON:
    """The token as it is signed: ``{jws}``."""
    return {"jws": ".".join((*(_encoded(part) for part in (_HEADER, device.state.info["jwt"])), ""))}


def _encoded(part: JSONObject) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode()


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "XMOD.GetProductJWS": get_product_jws,
    "XMOD.GetInfo": get_info,
}
