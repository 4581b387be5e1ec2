from plugin_sdk import Device, Fleet, Method, hookimpl


class Power:
    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        return [Method(name="Power.GetTotal", handler=self.get_total, read_only=True)]

    def get_total(self, fleet: Fleet, above_w: float = 0) -> dict[str, float]:
        """Devices that draw more than `above_w` watts, and how much each draws."""
        drawn = {device.id: power_w(device) for device in fleet.devices}
        return {device: watts for device, watts in drawn.items() if watts > above_w}


def power_w(device: Device) -> float:
    parts = (part for part in device.status.values() if isinstance(part, dict))
    return sum(part.get("apower") or 0 for part in parts)
