"""Covers: blinds and shutters that take their time to move.

A cover knows where it is only when it is calibrated; the blind itself is somewhere all the same. While it moves, the
status shows the position once a second.

Source: Shelly Gen2+ API, "Cover"; fields while moving from a captured ``Cover.GetStatus`` of a 2PM Gen3. The texts of
refusals are not documented.
"""

from __future__ import annotations

from fleet_shelly.simulation.covers.cover import Cover

__all__ = ["Cover"]
