"""Bluetooth's radio: who may pair with it, what is around it, and what of that is passed on to the vendor's cloud.

Devices that nobody has taken in yet are around every gateway, the same in each run.

Source: Shelly Gen2+ API, "BLE"; shapes from the type definitions taulfsime/shelly-rpc-ts.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import TypeAlias

from fleet_shelly.simulation.blu_models import BLU_MODELS, BUTTON, CLIMATE, CONTACT, MOTION
from fleet_shelly.simulation.system import Restarting, is_wall_display
from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import required, text, whole
from plugin_sdk.simulation import DeviceFault, Handler, SimulatedDevice

_PAIRING_S = 300
_PAGE = 10

Nearby: TypeAlias = Mapping[str, tuple[int, bool]]
"""Address to ``model_id`` and whether it encrypts."""


def nearby(device: SimulatedDevice) -> Nearby:
    """Devices around a gateway that are not its own by birth: a button, a climate sensor, an encrypted contact."""
    air = Random(f"{device.id}:bluetooth")  # noqa: S311 - plausible values, no secrets
    models = ((BUTTON, False), (CLIMATE, False), (CONTACT, True), (MOTION, False))
    return {":".join(f"{air.randrange(256):02x}" for _ in range(6)): model for model in models}


class Ble(Restarting):
    """``ble``: the radio. Whoever pairs with it shows in its list."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Pairing, and what is passed on to the vendor's cloud; a Wall Display has neither."""
        if is_wall_display(self.device):
            return {}
        return {
            "AdvertiseOnce": self.advertise_once,
            "DeletePairedDevice": self.delete_paired_device,
            "ListPairedDevices": lambda _params: self._paired(),
            "StopPairing": self.stop_pairing,
            "StartPairing": self.start_pairing,
            "CloudRelay.ListInfos": self.list_relayed_infos,
            "CloudRelay.List": self.list_relayed,
        }

    def start_pairing(self, params: JSONObject) -> JSON:
        """Let others pair for a while: ``{timeout}``."""
        timeout = whole(params, "timeout", 1, 3_600) or _PAIRING_S
        self.report(pairing={"started_at": int(self.device.now()), "duration": timeout})
        self.device.after(timeout, self._end_pairing)
        return {"timeout": timeout}

    def stop_pairing(self, _params: JSONObject) -> JSON:
        """End that."""
        self._end_pairing()
        return None

    def delete_paired_device(self, params: JSONObject) -> JSON:
        """Forget one of ``ListPairedDevices``: ``[{addr, ctime, atime}]``."""
        required(params, "addr")
        addr = text(params, "addr")
        paired = self._paired()
        if not any(each["addr"] == addr for each in paired):
            raise DeviceFault(-105, f"Argument 'addr', value '{addr}' not found!")
        self.device.storage(self.key)["paired"] = [each for each in paired if each["addr"] != addr]
        return None

    def advertise_once(self, params: JSONObject) -> JSON:
        """Say something to everybody."""
        required(params, "adv_data")
        text(params, "adv_data")
        return None

    def list_relayed(self, _params: JSONObject) -> JSON:
        """Addresses that are passed on: ``{rev, addrs}``."""
        return {"rev": self.device.status("sys").get("btrelay_rev", 0), "addrs": list(self._relayed())}

    def list_relayed_infos(self, params: JSONObject) -> JSON:
        """A page of what was heard of them: ``{ts, offset, count, total, devices}``."""
        offset = whole(params, "offset") or 0
        relayed = self._relayed()
        page = dict(list(relayed.items())[offset : offset + _PAGE])
        return {
            "ts": int(self.device.now()),
            "offset": offset,
            "count": len(page),
            "total": len(relayed),
            "devices": [
                {
                    "name": BLU_MODELS[model].local_name,
                    "model": model,
                    "sdata": {},
                    "mdata": {},
                    "last_seen": int(self.device.now()) - 20,
                }
                for model, _ in page.values()
            ],
        }

    def press(self, gesture: str) -> bool:
        """Somebody's telephone pairs, while that is allowed: ``pair aa:bb:cc:dd:ee:ff``."""
        what, _, addr = gesture.partition(" ")
        if what != "pair" or not addr or "pairing" not in self.status:
            return False
        now = int(self.device.now())
        self.device.storage(self.key)["paired"] = [*self._paired(), {"addr": addr, "ctime": now, "atime": now}]
        return True

    def boot(self) -> None:
        """Nobody may pair after a restart."""
        self._end_pairing()

    def _end_pairing(self) -> None:
        if "pairing" in self.status:
            self.report(pairing=None)

    def _paired(self) -> list[JSONObject]:
        found: list[JSONObject] = self.device.storage(self.key).get("paired", [])
        return found

    def _relayed(self) -> Nearby:
        """What is around and not taken in, where Bluetooth and the cloud are both in use."""
        if self.config.get("enable") is False or not self.device.status("cloud").get("connected"):
            return {}
        own = {self.device.config(key).get("addr") for key in self.device.keys("bthomedevice")}
        return {addr: found for addr, found in nearby(self.device).items() if addr not in own}
