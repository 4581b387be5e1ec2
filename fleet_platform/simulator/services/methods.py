"""How real devices order and spell the names in ``Shelly.ListMethods``. Constant data and a pure function.

Source: the list of a Shelly 2PM Gen3 (dump), of a thermostat ST1820 (``methods.csv``) and of a Wall Display
(comment in the sources of ShellyScanner).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_LISTED: tuple[tuple[str, str], ...] = (
    ("Switch", "ResetCounters SetConfig GetConfig GetStatus Toggle Set"),
    ("Input", "CheckExpression SetConfig GetConfig GetStatus"),
    ("Service", "SetConfig GetConfig GetStatus GetResources GetInfo"),
    ("XMOD", "GetProductJWS GetInfo"),
    ("Object", "SetConfig GetConfig GetStatus Set"),
    ("Button", "SetConfig GetConfig GetStatus Trigger"),
    ("Text", "SetConfig GetConfig GetStatus Set"),
    ("Number", "SetConfig GetConfig GetStatus Set"),
    ("Group", "SetConfig GetConfig GetStatus Set"),
    ("Enum", "SetConfig GetConfig GetStatus Set"),
    ("Boolean", "SetConfig GetConfig GetStatus Set"),
    ("Virtual", "Delete Add"),
    ("Schedule", "Eval List DeleteAll Delete Update Create"),
    ("LNM", "Delete Create"),
    ("KNX", "SetConfig GetConfig GetStatus"),
    (
        "BTHomeControl",
        "Enumerate DeleteAll List Update Create SetConfig GetConfig GetStatus StopLearning StartLearning",
    ),
    ("BTHomeSensor", "SetConfig GetConfig GetStatus"),
    ("BTHomeDevice", "ResetCounter UpdateFirmware GetKnownObjects SetConfig GetConfig GetStatus"),
    ("BTHome", "ResetEncryptionCounter GetObjectInfos DeleteSensor AddSensor DeleteDevice AddDevice"),
    ("BTHome", "StartDeviceDiscovery SetConfig GetConfig GetStatus"),
    ("Webhook", "ListAllSupported ListSupported List DeleteAll Delete Update Create"),
    ("Matter", "FactoryReset SetConfig GetConfig GetStatus GetSetupCode"),
    ("Script", "Stop Start Eval GetCode PutCode SetConfig GetConfig GetStatus List Delete Create"),
    ("WS", "SetConfig GetConfig GetStatus"),
    ("Mqtt", "SetConfig GetConfig GetStatus"),
    ("Cloud", "SetConfig GetConfig GetStatus"),
    ("BLE", "AdvertiseOnce DeletePairedDevice ListPairedDevices StopPairing StartPairing"),
    ("BLE", "SetConfig GetConfig GetStatus CloudRelay.ListInfos CloudRelay.List"),
    ("Wifi", "Scan ListAPClients SetConfig GetConfig GetStatus"),
    ("Sys", "SetDebug SetTime SetConfig GetConfig GetStatus"),
    ("KVS", "Delete Set GetMany Get List"),
    ("Shelly", "Identify"),
    ("HTTP", "Request POST GET"),
    ("Shelly", "ListMethods PutHTTPServerCABundle PutHTTPServerKey PutHTTPServerCert PutTLSClientKey"),
    ("Shelly", "PutTLSClientCert PutUserCA Reboot SetAuth Update CheckForUpdate DetectLocation ListTimezones"),
    ("Shelly", "GetComponents GetStatus FactoryReset ResetWiFiConfig GetConfig GetDeviceInfo"),
    ("OTA", "Abort Write Data Start Revert Commit Update"),
    ("RPC", "Ping"),
)
"""Namespaces with their methods, in the order of the list: what was built in last comes first."""

_SPELT: Mapping[str, str] = {
    f"{namespace}.{verb}".lower(): f"{namespace}.{verb}" for namespace, verbs in _LISTED for verb in verbs.split()
}
_PLACES: Mapping[str, int] = {name: place for place, name in enumerate(_SPELT)}
_NAMESPACES: Mapping[str, str] = {namespace.lower(): namespace for namespace, _ in _LISTED}
_ON_A_WALL_DISPLAY: Mapping[str, str] = {"ws": "Ws", "wifi": "WiFi"}


def as_listed(names: Iterable[str], *, wall_display: bool) -> list[str]:
    """Names as a device lists them, each once.

    Methods of what a device is for come first (``Cover.Open``), then the rest in the firmware's order; a Wall Display
    lists all by the alphabet, and spells two namespaces otherwise.
    """
    if wall_display:
        return sorted({_spell(name, _ON_A_WALL_DISPLAY) for name in names})
    once = list(dict.fromkeys(_SPELT.get(name.lower()) or _spell(name, _NAMESPACES) for name in names))
    return sorted(once, key=lambda name: _PLACES.get(name.lower(), -1))


def _spell(name: str, namespaces: Mapping[str, str]) -> str:
    namespace, _, verb = name.partition(".")
    return f"{namespaces.get(namespace.lower(), namespace)}.{verb}"
