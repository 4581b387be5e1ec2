"""Shelly's own Bluetooth devices: what each model is called and measures. Constant data.

Source: dump of a BLU Gateway Gen3 (``model_id``, ``obj_id``, firmware versions); local names from shop and dumps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from plugin_sdk import JSON

VALVE, MOTION, CLIMATE, CONTACT, BUTTON = 8, 5, 3, 2, 1
"""``model_id``."""


class BluModel(NamedTuple):
    """One model.

    Attributes:
        local_name: What it calls itself on the air.
        fw_ver: Its firmware.
        objects: ``obj_id``, ``idx`` and a value of each measurement; buttons have None.
    """

    local_name: str
    fw_ver: str
    objects: tuple[tuple[int, int, JSON], ...]


BLU_MODELS: Mapping[int, BluModel] = {
    BUTTON: BluModel("SBBT-002C", "v1.0.22", ((1, 0, 100), (58, 0, None))),
    CONTACT: BluModel("SBDW-002C", "v1.0.22", ((1, 0, 100), (5, 0, 84.0), (45, 0, False), (63, 0, 0.0))),
    CLIMATE: BluModel("SBHT-003C", "v1.0.22", ((1, 0, 100), (46, 0, 48), (58, 0, None), (69, 0, 21.2))),
    MOTION: BluModel("SBMO-003Z", "v1.0.22", ((1, 0, 100), (5, 0, 35.0), (33, 0, False))),
    VALVE: BluModel("SBTR-001AEU", "v1.2.1", ((1, 0, 81), (58, 0, None), (69, 0, 20.0), (69, 1, 21.3))),
}
