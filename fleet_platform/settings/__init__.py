"""The platform's settings: what there is to set, where values come from, how they are shown.

Each setting is written down once, as a field of :class:`PlatformSettings`; flags, environment, file, help and
documentation are made from it.
"""

from fleet_platform.settings.describe import EffectiveSetting, effective, settings_table
from fleet_platform.settings.model import PlatformSettings
from fleet_platform.settings.problems import SettingsProblems
from fleet_platform.settings.sources import Loaded, load

__all__ = [
    "EffectiveSetting",
    "Loaded",
    "PlatformSettings",
    "SettingsProblems",
    "effective",
    "load",
    "settings_table",
]
