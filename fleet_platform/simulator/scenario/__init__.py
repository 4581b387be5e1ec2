"""Scenario files: a fleet and what happens to it, timed, in YAML.

``read_scenario`` gives a checked ``Scenario``, or all that is wrong with the file, by line; ``Stage`` plays one.
"""

from fleet_platform.simulator.scenario.problems import BadScenario, Problem
from fleet_platform.simulator.scenario.scenario import Scenario, read_scenario
from fleet_platform.simulator.scenario.stage import Stage, timing_of

__all__ = ["BadScenario", "Problem", "Scenario", "Stage", "read_scenario", "timing_of"]
