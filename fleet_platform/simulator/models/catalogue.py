"""The models that can be simulated, and how to find one.

Source: ``models.csv`` of the protocol reference, and real dumps for the components of each.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from fleet_platform.simulator.models.gen3 import GEN3, MODULES
from fleet_platform.simulator.models.gen4 import GEN4
from fleet_platform.simulator.models.model import Model
from fleet_platform.simulator.models.plus import PLUS
from fleet_platform.simulator.models.pro import PRO
from fleet_platform.simulator.models.variants import VARIANTS
from fleet_platform.simulator.models.wall_displays import WALL_DISPLAYS

_CATALOGUE = (*PLUS, *PRO, *WALL_DISPLAYS, *GEN3, *GEN4, *VARIANTS, *MODULES)

MODELS: Mapping[str, Model] = {
    model.code if model is MODULES[0] or model not in MODULES else f"{model.code}/{model.prefix}": model
    for model in _CATALOGUE
}
"""All models, by order number; further products with one module have the id prefix behind it: ``S3XT-0S/st1820``."""

_NO_DUMP = "there is no dump of one, and the maker's documentation does not list its components"

UNKNOWN: Mapping[str, tuple[str, str]] = {
    "SAWD-2A1XX10EU1": ("Shelly Wall Display X2", _NO_DUMP),
    "SAWD-5A1XX10EU0": ("Shelly Wall Display X2i", _NO_DUMP),
    "SAWD-6A1XX10EU0": ("Shelly Wall Display X1i", _NO_DUMP),
    "S1CM-0DXW00": ("Shelly Camera", "there is no dump of one, and its status is known in part only"),
    "S3MX-0A": ("Shelly X MOD1", "they are those of the product it is built into"),
    "S3PL-30110EU": ("Shelly Plug M Gen3", _NO_DUMP),
    "S3SN-0U53X": ("Shelly Pill", "they are those of what is plugged into it"),
}
"""Order number of known models that cannot be simulated, to their shop name and why."""


class UnknownModel(ValueError):
    """No model of that name, or none whose components are known; the text names the nearest or the reason.

    Attributes:
        nearest: The nearest that there is; None where none is near.
    """

    def __init__(self, text: str, near: str | None = None) -> None:
        super().__init__(text)
        self.nearest = near


_NAMES: Mapping[str, tuple[str, Model]] = {
    name.lower(): (name, model)
    for code, model in reversed(list(MODELS.items()))
    for name in (code, model.name, model.prefix, model.app)
}


def find_model(name: str) -> Model:
    """A model by app, order number, id prefix or shop name, in any case: ``Plus1PM``, ``SNSW-001P16EU``.

    Where several share a name the first of the catalogue is meant.

    Raises:
        UnknownModel: There is none; the text names the nearest, or why a known model cannot be simulated.
    """
    wanted = name.lower()
    if wanted in _NAMES:
        return _NAMES[wanted][1]
    for code, (shop_name, reason) in UNKNOWN.items():
        if wanted in (code.lower(), shop_name.lower()):
            raise UnknownModel(f"{shop_name} ({code}) is known, but not its components: {reason}")
    found = difflib.get_close_matches(wanted, _NAMES, n=1, cutoff=0.4)
    near = _NAMES[found[0]][0] if found else None
    raise UnknownModel(f"no model {name!r}" + (f"; did you mean {near}?" if near else ""), near)
