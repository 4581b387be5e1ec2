"""The example does what its README says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from fleet_greetings import Greetings, GreetingsSettings
from fleet_platform.rpc.methods import bind
from plugin_sdk import Call, DeviceId, Event, Fleet, Principal
from plugin_sdk.errors import InvalidParams

CALL = Call(principal=Principal(name="ann", provider="local_users"), request_id="1")


class Scene:
    """The plugin behind its bound methods, on a platform that remembers what was published."""

    def __init__(self, settings: GreetingsSettings) -> None:
        self.published: list[tuple[str, Any]] = []
        self.plugin = Greetings()
        platform = SimpleNamespace(
            settings=settings, publish=lambda method, params: self.published.append((method, params))
        )
        self.methods = {
            method.name: bind(method, plugin="greetings", fleet=cast(Fleet, platform))
            for method in self.plugin.fleet_register_methods()
        }

    def call(self, method: str, **params: Any) -> Any:
        bound = self.methods[method]
        return bound.call(bound.check(params), CALL).model_dump()


def test_greets_by_name_or_the_world() -> None:
    scene = Scene(GreetingsSettings())
    assert scene.call("Greetings.SayHello", name="Ada") == {"greeting": "Hello, Ada!"}
    assert scene.call("Greetings.SayHello") == {"greeting": "Hello, world!"}


def test_the_word_is_a_setting() -> None:
    scene = Scene(GreetingsSettings(text="Good morning"))
    assert scene.call("Greetings.SayHello") == {"greeting": "Good morning, world!"}


def test_every_greeting_is_an_event() -> None:
    scene = Scene(GreetingsSettings())
    scene.call("Greetings.SayHello", name="Ada")
    assert scene.published == [("Greetings.Said", {"greeting": "Hello, Ada!"})]


@pytest.mark.parametrize("params", [{"name": ""}, {"name": "x" * 101}, {"name": 7}, {"nmae": "Ada"}])
def test_a_wrong_parameter_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidParams):
        Scene(GreetingsSettings()).call("Greetings.SayHello", **params)


async def test_arrivals_and_greetings_are_counted() -> None:
    scene = Scene(GreetingsSettings())
    [sink] = scene.plugin.fleet_register_sinks()
    assert sink.events == ("Shelly.Connect",)
    device = DeviceId("shellypro1-0123456789ab")
    await sink.write([Event(seq, "Shelly.Connect", device, 0, b"{}") for seq in range(3)])
    scene.call("Greetings.SayHello")
    assert scene.methods["Greetings.GetStatus"].read_only
    assert scene.call("Greetings.GetStatus") == {"said": 1, "arrivals": 3}
