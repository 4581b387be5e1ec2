"""Ways to make a device misbehave on purpose, for tests of what talks to it. Plain state of one device."""

from __future__ import annotations

from plugin_sdk import JSON, JSONObject


class Faults:
    """What a device does wrong; empty unless a test says so.

    Attributes:
        silent: Requests are taken and never answered.
        delays_s: Method in lower case to seconds before its answer; ``*`` stands for all methods.
        errors: Method in lower case to the error it answers.
        results: Method in lower case to the result it answers, whatever was asked.
    """

    __slots__ = ("delays_s", "errors", "results", "silent")

    def __init__(self) -> None:
        self.silent = False
        self.delays_s: dict[str, float] = {}
        self.errors: dict[str, JSONObject] = {}
        self.results: dict[str, JSON] = {}

    def delay_s(self, method: str) -> float:
        """Seconds before a method's answer."""
        return self.delays_s.get(method.lower(), self.delays_s.get("*", 0.0))
