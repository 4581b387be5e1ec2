"""``Webhook.*``: addresses that the device calls when something happens; :mod:`.hooks` calls them.

Source: Shelly Gen2+ API, "Webhooks": 20 hooks, 10 on battery. At most 5 addresses of 300 characters a hook as
ALLTERCO's fleet-management has it. The size of a page of ``Webhook.ListAllSupported`` is not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fleet_platform.simulator.outbound.trust import USER_CA
from fleet_platform.simulator.services.expression import BadExpression, read_expression
from fleet_platform.simulator.services.hooks import are_tokens_read, causes_of
from fleet_platform.simulator.services.numbered import Numbered
from plugin_sdk import JSON, JSONObject, WebhookEvent, component_type
from plugin_sdk.arguments import invalid, whole
from plugin_sdk.local_time import read_period
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_MAX_URLS = 5
_MAX_URL = 300
_MAX_NAME = 100
_PAGE = 20
_SSL_CA = (None, "", "*", "ca.pem", USER_CA)


def offered(device: Machine) -> bool:
    """Devices that count a revision of them."""
    return "webhook_rev" in device.state.sys


def list_hooks(device: Machine, _params: JSONObject) -> JSON:
    """All hooks and the revision."""
    return {"hooks": HOOKS.all(device), "rev": device.state.sys.get("webhook_rev", 0)}


def list_all_supported(device: Machine, params: JSONObject) -> JSON:
    """A page of the events that a hook may be made for: ``{types: [{"switch.on": {attrs}}], offset, total}``."""
    offset = whole(params, "offset") or 0
    supported = _supported(device)
    page = list(supported.items())[offset : offset + _PAGE]
    return {"types": [{name: about} for name, about in page], "offset": offset, "total": len(supported)}


def list_supported(device: Machine, _params: JSONObject) -> JSON:
    """The same, all at once, as firmware before 2.0 has it."""
    return {"types": _supported(device)}


def _supported(device: Machine) -> JSONObject:
    """Events of the components that the device has, as far as these show what causes them."""
    found: JSONObject = {}
    for key, status in device.state.status.items():
        kind = device.world.types.get(component_type(key))
        for event in kind.webhooks if kind is not None else ():
            if not event.path or event.path.partition(".")[0] in status:
                found.setdefault(f"{component_type(key)}.{event.name}", {"attrs": _attributes(event)})
    return found


def _attributes(event: WebhookEvent) -> list[JSONObject]:
    return [{"name": each.name, "type": each.type, "desc": each.text} for each in event.attributes]


def _check(device: Machine, hook: JSONObject) -> None:
    key, causes = causes_of(device, hook)
    if not causes:
        raise invalid("event")
    if key not in device.state.status:
        raise DeviceFault(-105, f"Bad cid={hook['cid']}")
    for name, fits in _FITS.items():
        if not fits(hook[name]):
            raise invalid(name)


def _are_urls(urls: list[JSON]) -> bool:
    return 1 <= len(urls) <= _MAX_URLS and all(
        isinstance(url, str) and 0 < len(url) <= _MAX_URL and are_tokens_read(url) for url in urls
    )


def _is_condition(text: JSON) -> bool:
    if text is None or text == "":
        return True
    try:
        read_expression(text)
    except (BadExpression, TypeError):
        return False
    return True


def _are_hours(between: JSON) -> bool:
    return between is None or between == [] or read_period(between) is not None


_FITS: Mapping[str, Callable[[JSON], bool]] = {
    "urls": _are_urls,
    "name": lambda name: name is None or (isinstance(name, str) and len(name) <= _MAX_NAME),
    "ssl_ca": lambda ssl_ca: ssl_ca in _SSL_CA,
    "active_between": _are_hours,
    "condition": _is_condition,
}


def _limit(device: Machine) -> int:
    return 10 if device.power.sleeper else 20


def _changed(device: Machine) -> None:
    device.automation.hooks.watch()


HOOKS = Numbered(
    items=lambda device: device.stores.webhooks,
    revision="webhook_rev",
    required=("cid", "event", "urls"),
    defaults={
        "cid": 0,
        "enable": False,
        "event": "",
        "name": None,
        "ssl_ca": "ca.pem",
        "urls": [],
        "active_between": None,
        "condition": None,
        "repeat_period": 0,
    },
    nullable=("ssl_ca",),
    limit=_limit,
    check=_check,
    changed=_changed,
)

METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "Webhook.Create": HOOKS.create,
    "Webhook.Update": HOOKS.update,
    "Webhook.List": list_hooks,
    "Webhook.Delete": HOOKS.delete,
    "Webhook.DeleteAll": HOOKS.delete_all,
    "Webhook.ListAllSupported": list_all_supported,
    "Webhook.ListSupported": list_supported,
}
