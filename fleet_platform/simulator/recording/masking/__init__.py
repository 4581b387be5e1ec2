"""Hiding who and where in recorded traffic, so that its owner can show it to strangers."""

from fleet_platform.simulator.recording.masking.mask import Mask

__all__ = ["Mask"]
