"""Other systems that a device speaks to: Matter, Zigbee.

Source: Shelly Gen2+ API, "Matter" and "Zigbee"; states of the Zigbee network from clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from fleet_shelly.simulation.system import Restarting
from plugin_sdk import JSON, JSONObject
from plugin_sdk.simulation import DeviceFault, Handler

_BASE38 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-."
_PAYLOAD = 19
_MANUAL_DIGITS = 10

_STEERS_S = (4.0, 12.0)

_DIHEDRAL = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_SHIFT = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_INVERSE = (0, 4, 3, 2, 1, 5, 6, 7, 8, 9)


def check_digit(digits: str) -> str:
    """The last digit of a manual pairing code: Verhoeff's, as the Matter specification has it."""
    check = 0
    for place, digit in enumerate(reversed(digits), 1):
        value = int(digit)
        for _ in range(place % 8):
            value = _SHIFT[value]
        check = _DIHEDRAL[check][value]
    return str(_INVERSE[check])


class Matter(Restarting):
    """``matter``."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """The code on the sticker, and leaving all fabrics."""
        return {"FactoryReset": self.factory_reset, "GetSetupCode": self.get_setup_code}

    def get_setup_code(self, _params: JSONObject) -> JSON:
        """``{qr_code, manual_code}``, the same each time; nothing can be paired with them."""
        random = Random(f"{self.device.id}:matter")  # noqa: S311 - plausible values, no secrets
        payload = "".join(random.choice(_BASE38) for _ in range(_PAYLOAD))
        digits = "".join(str(random.randrange(10)) for _ in range(_MANUAL_DIGITS))
        return {"qr_code": f"MT:{payload}", "manual_code": digits + check_digit(digits)}

    def factory_reset(self, _params: JSONObject) -> JSON:
        """Leave all fabrics."""
        self.report(num_fabrics=0, commissionable=self.config.get("enable") is True)
        return None

    def boot(self) -> None:
        """On or off from now on."""
        open_now = self.config.get("enable") is True and not self.status.get("num_fabrics")
        if self.status.get("commissionable") is not open_now:
            self.report(commissionable=open_now)

    def press(self, gesture: str) -> bool:
        """A controller takes the device in or lets it go: ``commissioned``, ``removed``."""
        if gesture not in ("commissioned", "removed"):
            return False
        change = 1 if gesture == "commissioned" else -1
        fabrics = max(0, int(self.status.get("num_fabrics") or 0) + change)
        self.report(num_fabrics=fabrics, commissionable=self.config.get("enable") is True and fabrics == 0)
        return True


class Zigbee(Restarting):
    """``zigbee``."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Look for a network."""
        return {"StartNetworkSteering": self.start_network_steering}

    def start_network_steering(self, _params: JSONObject) -> JSON:
        """Look for a network and join it; the text of the refusal is not documented."""
        if self.config.get("enable") is not True:
            raise DeviceFault(-109, "Zigbee is disabled")
        self.report(network_state="steering")
        self.device.after(self.device.random.uniform(*_STEERS_S), self._joined)
        return None

    def boot(self) -> None:
        """On or off from now on; a network that it was in takes it back."""
        state = self.status.get("network_state")
        if self.config.get("enable") is not True:
            wanted = "disabled"
        else:
            wanted = "joined" if state == "joined" else "initializing"
        if state != wanted:
            self.report(network_state=wanted)

    def press(self, gesture: str) -> bool:
        """Steering came to nothing: ``failed``."""
        if gesture == "failed":
            self.report(network_state="failed")
        return gesture == "failed"

    def _joined(self) -> None:
        if self.status.get("network_state") == "steering":
            self.report(network_state="joined")
