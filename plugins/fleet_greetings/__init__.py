"""The small example: a setting, two methods, an event and a sink in one class. README.md explains each line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field

from plugin_sdk import Event, EventType, Fleet, Method, Settings, Sink, hookimpl

Text = Annotated[str, Field(min_length=1, max_length=100)]


class GreetingsSettings(BaseModel):
    """What an operator may change."""

    text: Text = "Hello"


class Greeting(BaseModel):
    """Result of ``Greetings.SayHello``."""

    greeting: str


class Count(BaseModel):
    """Result of ``Greetings.GetStatus``."""

    said: int
    arrivals: int


class Greetings:
    """Greets whoever asks, and counts the devices that come in."""

    def __init__(self) -> None:
        self._said = 0
        self._arrivals = 0

    @hookimpl
    def fleet_register_settings(self) -> Settings:
        """The word to greet with."""
        return Settings(model=GreetingsSettings)

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        """Two methods that anybody with the permission may call."""
        return [
            Method(name="Greetings.SayHello", handler=self.say_hello),
            Method(name="Greetings.GetStatus", handler=self.get_status, read_only=True),
        ]

    @hookimpl
    def fleet_register_events(self) -> list[EventType]:
        """One event, for whoever subscribes to it."""
        return [EventType(name="Greetings.Said", summary="Somebody was greeted.", params={"greeting": "what was said"})]

    @hookimpl
    def fleet_register_sinks(self) -> list[Sink]:
        """One sink, for devices that connect."""
        return [Sink(name="arrivals", write=self.count_arrivals, events=("Shelly.Connect",))]

    def say_hello(self, fleet: Fleet, name: Text = "world") -> Greeting:
        """Greet somebody, for everybody to hear."""
        greeting = Greeting(greeting=f"{fleet.settings.text}, {name}!")
        self._said += 1
        fleet.publish("Greetings.Said", greeting.model_dump())
        return greeting

    def get_status(self) -> Count:
        """How many greetings were said, and how often a device came in, since the start."""
        return Count(said=self._said, arrivals=self._arrivals)

    async def count_arrivals(self, events: Sequence[Event]) -> None:
        """Take a batch of events, oldest first."""
        self._arrivals += len(events)
