"""What a device does by itself beside its components: its schedule and its webhooks, from one boot to the next.

Flash keeps jobs and hooks (``Stores``); this is what works on them while the device is on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_platform.simulator.services.agenda import Agenda
from fleet_platform.simulator.services.hooks import Hooks
from fleet_platform.simulator.services.schedule import JOBS
from fleet_platform.simulator.services.webhook import HOOKS

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine


class Automation:
    """One device's agenda and hooks.

    Attributes:
        agenda: Runs its jobs.
        hooks: Calls its webhooks.
    """

    __slots__ = ("_device", "agenda", "hooks")

    def __init__(self, device: Machine) -> None:
        self._device = device
        self.agenda = Agenda(device)
        self.hooks = Hooks(device)

    def resume(self) -> None:
        """The device has started: go on with what flash has."""
        JOBS.sweep(self._device)
        HOOKS.sweep(self._device)
        self.agenda.plan()
        self.hooks.resume()
