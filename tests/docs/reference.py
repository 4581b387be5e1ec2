"""The pages of ``docs/reference``, made from the tables that the platform and the bundled plugins declare."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator

from fleet_platform.events.catalogue import EVENTS
from fleet_platform.rpc.errors import http_status
from plugin_sdk import EventType, errors

from .methods import all_methods, bundled, cell

PREDECESSOR = {
    "ParseError": "-32700; -32600 in the later release",
    "InvalidRequest": "-32600",
    "UnknownDevice": "-32600 `NO SUCH DEVICE`; -32900 in the later release",
    "MethodNotFound": "-32601",
    "InvalidParams": "-32602",
    "PermissionDenied": "-32001 `Insufficient permissions`; -32603 `Unauthorized` in the later release",
    "NotFound": "`{}` or null as the result",
    "Conflict": "-32001 `[object Object]`",
    "DeviceBusy": "-",
    "RateLimited": "-",
    "Unavailable": "-32001 with the text of the exception",
    "CallTimeout": "-32800 within, no answer to the client",
    "DeviceOffline": "no answer; -32002 from `SendRPC`",
    "DeviceError": "no answer; -32001 `[object Object]` from `Device.Call`",
    "InternalError": "-32001 with the text of the exception",
}
"""What the predecessor answered in the same case."""

DATA = {
    "InvalidRequest": "`detail`",
    "UnknownDevice": '`reason: "unknown_device"`, `device`',
    "MethodNotFound": "`method`, `did_you_mean`",
    "InvalidParams": "`errors: [{path, message}]`",
    "PermissionDenied": '`permission`, `device`; `reason`: `"not_signed_in"`, `"not_read_only"`',
    "NotFound": "what was not found",
    "DeviceBusy": "`waiting`",
    "RateLimited": "`retry_after_s`",
    "Unavailable": '`part`: `"database"`',
    "CallTimeout": "`timeout_s`",
    "DeviceOffline": '`reason`: `"offline"` or `"asleep"`; `wake_expected_ts`',
    "DeviceError": "the device's",
    "InternalError": "`correlation_id`",
}

OTHER_PERMISSIONS = {"metrics.get": "reads `/metrics`"}
"""Permissions that no method, panel or route of a plugin asks for."""


def error_kinds() -> list[type[errors.FleetError]]:
    """Errors that may be sent, in the order of their declaration."""
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.FleetError)]
    sendable = [kind for kind in kinds if kind not in (errors.FleetError, errors.PluginError)]
    return sorted(sendable, key=lambda kind: inspect.getsourcelines(kind)[1])


def error_table() -> str:
    """Code, message, data, HTTP status and meaning of each error, and the predecessor's."""
    lines = [
        "| error | code | message | `data` | HTTP | the predecessor's | when |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in error_kinds():
        name, own = kind.__name__, kind is errors.DeviceError
        code, message = ("the device's", "the device's") if own else (str(kind.code), kind.message)
        when = " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split()).replace("``", "`")
        cells = (f"`{name}`", code, message, DATA.get(name, ""), _status(kind), PREDECESSOR[name], cell(when))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _status(kind: type[errors.FleetError]) -> str:
    if kind is errors.PermissionDenied:
        return "401 for nobody, else 403"
    sample = kind.__new__(kind)
    sample.data = {}
    return str(http_status(sample))


def events() -> list[tuple[str, EventType]]:
    """All events with who publishes them, by their names."""
    declared = [("core", event) for event in EVENTS]
    for name, plugin in bundled().items():
        declare = getattr(plugin, "fleet_register_events", None)
        declared += [(name, event) for event in (declare() if declare else ())]
    return sorted(declared, key=lambda entry: entry[1].name.lower())


def event_table() -> str:
    """Name, params and meaning of each event."""
    lines = ["| event | `params` | when | of | about a device | needs |", "|---|---|---|---|---|---|"]
    for plugin, event in events():
        params = "<br>".join(f"`{name}` {what}" for name, what in event.params.items()) or "none"
        of = "the platform" if plugin == "core" else f"plugin `{plugin}`"
        device = "yes" if event.device else ""
        needs = f"`{event.permission}`" if event.permission else ""
        lines.append(f"| `{event.name}` | {cell(params)} | {cell(event.summary)} | {of} | {device} | {needs} |")
    return "\n".join(lines) + "\n"


def permission_table() -> str:
    """Each permission and what it allows, apart from those of devices' own methods."""
    allowed: dict[str, list[str]] = defaultdict(list)
    for method in all_methods():
        if not method.bound.anonymous:
            allowed[method.bound.permission].append(f"`{method.bound.name}`")
    for name, plugin in sorted(bundled().items()):
        for panel in _declared(plugin, "panels"):
            if panel.permission:
                allowed[panel.permission].append(f"the panel {panel.title} of `{name}`")
        for route in _declared(plugin, "routes"):
            if route.permission:
                allowed[route.permission].append(f"{route.method} `{route.path}` of `{name}`")
    for permission, what in OTHER_PERMISSIONS.items():
        allowed[permission].append(what)
    lines = ["| permission | allows |", "|---|---|"]
    lines += [f"| `{name}` | {', '.join(dict.fromkeys(allowed[name]))} |" for name in sorted(allowed)]
    return "\n".join(lines) + "\n"


def device_permission_table() -> str:
    """Permissions that actions of component types need, asked for each device."""
    lines = ["| permission | action | of |", "|---|---|---|"]
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for permission, label, kind in sorted(set(_actions())):
        found[permission, label].append(f"`{kind}`")
    lines += [f"| `{name}` | {cell(label)} | {', '.join(kinds)} |" for (name, label), kinds in sorted(found.items())]
    return "\n".join(lines) + "\n"


def _actions() -> Iterator[tuple[str, str, str]]:
    for plugin in bundled().values():
        for kind in _declared(plugin, "components"):
            yield from ((action.method.lower(), action.label, kind.type) for action in kind.actions)


def _declared(plugin: object, what: str) -> list:  # type: ignore[type-arg]  # of whatever kind the hook declares
    declare = getattr(plugin, f"fleet_register_{what}", None)
    return list(declare()) if declare else []


def names_in(text: str) -> set[str]:
    """What stands in backticks at the beginning of a table row."""
    return set(re.findall(r"^\| `([^`]+)`", text, flags=re.MULTILINE))
