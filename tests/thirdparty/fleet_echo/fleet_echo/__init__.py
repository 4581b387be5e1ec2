"""Repeats what it is told, and remembers what it hears."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from pydantic import BaseModel

from plugin_sdk import Event, Fleet, Method, Settings, Sink, hookimpl


class EchoSettings(BaseModel):
    """What an operator may change."""

    times: int = 1


class Echo:
    """The plugin ``echo``."""

    def __init__(self) -> None:
        self._heard: deque[str] = deque(maxlen=100)

    @hookimpl
    def fleet_register_settings(self) -> Settings:
        """How often to repeat."""
        return Settings(model=EchoSettings)

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        """One method that says something and one that tells what was heard."""
        return [
            Method(name="Echo.Say", handler=self.say),
            Method(name="Echo.ListHeard", handler=self.list_heard, read_only=True),
        ]

    @hookimpl
    def fleet_register_sinks(self) -> list[Sink]:
        """One sink: its own events, and devices that connect."""
        return [Sink(name="ears", write=self.hear, events=("Echo.*", "Shelly.Connect"), batch_age_s=0.05)]

    def say(self, fleet: Fleet, text: str) -> str:
        """Repeat a text, for everybody to hear."""
        echo = " ".join([text] * fleet.settings.times)
        fleet.publish("Echo.Said", {"text": echo})
        return echo

    def list_heard(self) -> list[str]:
        """Names of the last events that were heard, oldest first."""
        return list(self._heard)

    async def hear(self, events: Sequence[Event]) -> None:
        """Take a batch of events."""
        self._heard.extend(event.method for event in events)
