"""Requests to a device: reading them, finding what serves them, answering.

Method names are matched without case. A service of the whole device (``Shelly.Reboot``) comes before a component's
method; each component answers ``GetStatus``, ``GetConfig`` and ``SetConfig`` besides its own. A type of component that
the firmware knows and the device has no instance of answers ``Bad id``.

Source: Shelly Gen2+ API, "RPC protocol" and "Common errors"; protocol reference sections A1, A5, A9.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from fleet_platform.simulator.outbound.dialect import WALL_DISPLAY
from fleet_platform.simulator.services import find_service
from fleet_platform.simulator.services.dormant import dormant_behaviour
from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import invalid, mapping, required
from plugin_sdk.simulation import Deferred, DeviceFault, Handler

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine
    from fleet_platform.simulator.faults.faults import Faults


_log = logging.getLogger(__name__)

_BUG = DeviceFault(500, "internal error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request frame. ``id`` is None for a notification, which gets no reply."""

    id: int | float | str | None
    src: str | None
    method: str
    params: JSONObject


def read_request(text: bytes) -> Request | None:
    """The request in a message; None for anything else, which devices ignore.

    That goes for an ``id`` or a ``src`` of a form that no client uses, and that could not be told back.
    """
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(frame, dict) or not isinstance(frame.get("method"), str):
        return None
    number, src, params = frame.get("id"), frame.get("src"), frame.get("params")
    if not isinstance(number, int | float | str | None) or not isinstance(src, str | None):
        return None
    return Request(
        id=number,
        src=src,
        method=frame["method"],
        params=params if isinstance(params, dict) else {},
    )


def answer(
    device: Machine,
    request: Request,
    send: Callable[[bytes], None],
    *,
    source: str,
    faults: Faults | None = None,
) -> None:
    """Serve a request and hand the reply's text to ``send``: at once, or later where the method takes its time.

    Args:
        device: Who is asked.
        request: A notification is served too, and not answered.
        send: Takes the reply; called at most once.
        source: Who asks, as Shelly spells it: ``WS_in``, ``HTTP_in``.
        faults: What the device answers wrongly on purpose.
    """
    src = device.id if faults is None or faults.src is None else faults.src

    def reply(result: JSON, fault: DeviceFault | None) -> None:
        if request.id is None:
            return
        try:
            text = _reply(src, request, result, fault)
        except TypeError:
            # A result that is no JSON is a plugin's bug as well; whoever asked hears of it, and keeps the connection.
            _log.exception("simulated %s cannot tell the result of %s", device.id, request.method)
            text = _reply(src, request, None, _BUG)
        send(text)

    def reply_late(result: JSON, fault: DeviceFault | None) -> None:
        device.power.owes_answer(more=False)
        reply(result, fault)

    try:
        device.power.check_running()
        result = _result(device, request, source, faults)
    except DeviceFault as fault:
        reply(None, fault)
    except Exception:
        # A behaviour is a plugin's code; its bug is answered and logged, and the device lives on.
        _log.exception("simulated %s failed in %s", device.id, request.method)
        reply(None, _BUG)
    else:
        if isinstance(result, Deferred):
            device.power.owes_answer(more=True)
            result.then(reply_late)
        else:
            reply(result, None)


def call(device: Machine, method: str, params: JSONObject) -> JSON | Deferred:
    """Run a method and return its result, or who will know it.

    Raises:
        DeviceFault: The device's own error; 404 if it has no such method.
    """
    service = find_service(device, method)
    if service is not None:
        return service(device, params)
    namespace, _, verb = method.lower().partition(".")
    if method.lower() in device.state.replies:
        return device.state.replies[method.lower()]
    keys = device.keys(namespace) if verb else []
    if not keys:
        raise _absent(device, namespace, verb, method, params)
    singleton = keys == [namespace]
    key = namespace if singleton else _instance(device, namespace, keys, verb, method, params)
    return _component_method(device, key, verb, method)(params)


def _reply(device: str, request: Request, result: JSON, fault: DeviceFault | None) -> bytes:
    reply: JSONObject = {"id": request.id, "src": device}
    if request.src is not None:
        reply["dst"] = request.src
    if fault is None:
        reply["result"] = result
    else:
        reply["error"] = {"code": fault.code, "message": fault.text}
    return orjson.dumps(reply)


def _result(device: Machine, request: Request, source: str, faults: Faults | None) -> JSON | Deferred:
    name = request.method.lower()
    error = None if faults is None else faults.error(name)
    if error is not None:
        raise DeviceFault(error["code"], error["message"])
    if faults is not None and name in faults.results:
        return faults.results[name]
    return device.call(request.method, request.params, source=source)


def _instance(device: Machine, namespace: str, keys: Sequence[str], verb: str, method: str, params: JSONObject) -> str:
    """The key of the component that ``params.id`` names."""
    _component_method(device, keys[0], verb, method)
    behaviour = device.behaviour(keys[0])
    if behaviour is not None and any(name.lower() == verb for name in behaviour.shared_methods):
        return keys[0]
    number = required(_addressed(device, params), "id")
    key = f"{namespace}:{number}"
    if isinstance(number, bool) or not isinstance(number, int):
        raise invalid("id")
    if key not in keys:
        raise DeviceFault(-105, f"Bad id={number}")
    return key


def _addressed(device: Machine, params: JSONObject) -> JSONObject:
    """Parameters with their ``id``; a Wall Display takes the one in ``config`` too, as aioshelly sends it."""
    config = params.get("config")
    if "id" in params or not isinstance(config, dict) or device.session.dialect is not WALL_DISPLAY:
        return params
    return {**config, **params}


def _absent(device: Machine, namespace: str, verb: str, method: str, params: JSONObject) -> DeviceFault:
    """The error for a method of a component type that the device has no instance of."""
    behaviour = dormant_behaviour(device, namespace) if verb else None
    known = () if behaviour is None else (*_GENERIC, *(name.lower() for name in behaviour.methods()))
    if verb not in known:
        return DeviceFault(404, f"No handler for {method}")
    number = required(params, "id")
    return (
        invalid("id")
        if isinstance(number, bool) or not isinstance(number, int)
        else DeviceFault(-105, f"Bad id={number}")
    )


def _component_method(device: Machine, key: str, verb: str, method: str) -> Handler:
    behaviour = device.behaviour(key)
    generic = _GENERIC.get(verb)
    if generic is not None:
        return lambda params: generic(device, key, params)
    for name, handler in (behaviour.methods() if behaviour is not None else {}).items():
        if name.lower() == verb:
            return handler
    raise DeviceFault(404, f"No handler for {method}")


def _get_status(device: Machine, key: str, _params: JSONObject) -> JSON:
    return device.status(key)


def _get_config(device: Machine, key: str, _params: JSONObject) -> JSON:
    return device.state.config.get(key, {})


def _set_config(device: Machine, key: str, params: JSONObject) -> JSON:
    required(params, "config")
    return {"restart_required": device.set_config(key, mapping(params, "config") or {})}


_GENERIC = {"getstatus": _get_status, "getconfig": _get_config, "setconfig": _set_config}
