"""The description of methods and events for programs: valid OpenRPC, and what dispatch has.

``openrpc-meta-schema.json`` is that of the package ``@open-rpc/meta-schema`` 1.14.9, under the Apache License 2.0.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import jsonschema
import pytest
from pydantic import BaseModel, Field, SecretStr
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from fleet_platform.methods.listing import with_listings
from fleet_platform.rpc.methods import bind
from fleet_platform.text import decode, encode
from plugin_sdk import JSON, Call, EventType, JSONObject, Method

if TYPE_CHECKING:
    from tests.rpc.conftest import World

META = json.loads((Path(__file__).parent / "openrpc-meta-schema.json").read_text("utf-8"))


def validator() -> Any:
    """Of whole documents; what a JSON Schema is, is that of draft 7."""
    anything = Resource.from_contents({"definitions": {"JSONSchemaObject": {"properties": {"$ref": {}}}}}, DRAFT7)
    registry: Registry[Any] = Registry().with_resource("https://meta.json-schema.tools", anything)
    registry = registry.with_resource("https://meta.json-schema.tools/", anything)
    return jsonschema.Draft7Validator(META, registry=registry)


class Point(BaseModel):
    x: int
    next: Point | None = None


class Path2(BaseModel):
    points: list[Point]


def say(
    call: Call, name: Annotated[str, Field(alias="yourName", max_length=9)], secret: SecretStr | None = None
) -> Path2:
    """Say something
    to somebody.

    It is ``heard`` by all.
    """
    raise NotImplementedError


def anything(what: JSON = None) -> Any:
    """Nothing is known of the result."""


async def nothing() -> None:
    """Answers nothing."""


async def numbers(point: Point) -> dict[str, int]:
    """Numbers."""
    raise NotImplementedError


async def discover(world: World, *events: tuple[str, EventType]) -> JSONObject:
    world.dispatcher.methods = with_listings(world.dispatcher.methods, events)
    document: JSONObject = decode(encode(await world.dispatcher.invoke("rpc.discover", {}, call=world.call())))
    validator().validate(document)
    return document


def method(document: JSONObject, name: str) -> JSONObject:
    (found,) = [each for each in document["methods"] if each["name"] == name]
    assert isinstance(found, dict)
    return found


async def test_a_method_is_described_by_its_handler(world: World) -> None:
    world.method(say, "Test.Say", aliases=("Test.Tell",), permission="test.speak", timeout_s=7.0)
    document = await discover(world)
    described = method(document, "Test.Say")
    assert described["summary"] == "Say something to somebody."
    assert described["description"] == "Say something to somebody. It is `heard` by all."
    assert [(each["name"], each["required"]) for each in described["params"]] == [("yourName", True), ("secret", False)]
    assert described["params"][0]["schema"]["maxLength"] == 9
    assert described["result"]["schema"]["properties"]["points"]["items"] == {
        "$ref": "#/components/schemas/Test.Say.Point"
    }
    assert (described["x-permission"], described["x-read-only"], described["x-timeout-s"]) == ("test.speak", False, 7.0)
    assert {"$ref": "#/components/errors/PermissionDenied"} in described["errors"]
    alias = method(document, "Test.Tell")
    assert (alias["deprecated"], alias["x-alias-of"], described["deprecated"]) == (True, "Test.Say", False)


@pytest.mark.parametrize(
    ("handler", "schema"),
    [
        (anything, {}),
        (nothing, {"type": "null"}),
        (numbers, {"additionalProperties": {"type": "integer"}, "type": "object"}),
    ],
)
async def test_a_result_is_described_as_far_as_its_annotation_says(
    world: World, handler: Callable[..., Any], schema: JSONObject
) -> None:
    world.method(handler)
    assert method(await discover(world), "Test.Do")["result"]["schema"] == schema


async def test_definitions_of_two_methods_do_not_meet(world: World) -> None:
    class Point(BaseModel):  # another one of the same name
        lat: float

    def other(point: Point) -> None:
        """Another."""

    other.__annotations__["point"] = Point
    world.method(numbers, "plugin:x.A")
    world.method(other, "plugin:x.B")
    document = await discover(world)
    schemas = document["components"]["schemas"]
    assert set(schemas["plugin_x.A.Point"]["properties"]) == {"x", "next"}
    assert set(schemas["plugin_x.B.Point"]["properties"]) == {"lat"}
    text = json.dumps(document)
    for name in schemas:
        assert f'"#/components/schemas/{name}"' in text


async def test_every_reference_leads_somewhere(world: World) -> None:
    world.method(say)
    world.method(numbers, "Test.Numbers")
    document = await discover(world)

    def references(value: Any) -> list[str]:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        own = [value["$ref"]] if isinstance(value, dict) and isinstance(value.get("$ref"), str) else []
        return own + [found for each in inner for found in references(each)]

    for reference in set(references(document)):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place


async def test_events_are_described_and_those_of_a_noun_with_it(world: World) -> None:
    world.method(nothing, "Echo.Do")
    said = EventType(name="Echo.Said", summary="Somebody spoke.", params={"text": "what"}, device=True)
    document = await discover(world, ("core", EventType(name="Other.Thing", summary="Other.")), ("echo", said))
    assert document["x-events"][0] == {
        "name": "Echo.Said",
        "summary": "Somebody spoke.",
        "params": {"text": "what"},
        "device": True,
        "permission": None,
        "plugin": "echo",
    }
    assert len(document["x-events"]) == 2
    noun = await world.dispatcher.invoke("echo.describe", {}, call=world.call())
    assert (noun["name"], noun["events"]) == ("Echo", document["x-events"][:1])
    assert [each["name"] for each in noun["methods"]] == ["Echo.Do", "Echo.ListMethods", "Echo.Describe"]


async def test_whoever_has_these_names_keeps_them(world: World) -> None:
    own = bind(Method(name="Echo.Describe", handler=nothing), plugin="echo")
    methods = with_listings({"echo.describe": own})
    assert methods["echo.describe"] is own
    assert "echo.listmethods" in methods
