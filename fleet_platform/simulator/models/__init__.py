"""Models of devices that can be simulated."""

from fleet_platform.simulator.models.build import ModelOrigin
from fleet_platform.simulator.models.catalogue import MODELS, UNKNOWN, UnknownModel, find_model
from fleet_platform.simulator.models.model import Model

__all__ = ["MODELS", "UNKNOWN", "Model", "ModelOrigin", "UnknownModel", "find_model"]
