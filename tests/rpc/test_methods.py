"""From a handler's signature to checked parameters, and which declarations are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from fleet_platform.rpc.methods import BoundMethod, bind
from plugin_sdk import Call, Fleet, Method, Principal
from plugin_sdk.errors import InvalidParams, PluginError

CALL = Call(principal=Principal(name="a", provider="p"), request_id="r")


class Nothing:
    """As much of a platform as injection needs."""


FLEET: Fleet = Nothing()  # type: ignore[assignment]


def bound(handler: Callable[..., Any], **declaration: Any) -> BoundMethod:
    return bind(Method(**{"name": "Test.Do", "handler": handler, **declaration}), plugin="test", fleet=FLEET)


def called(method: BoundMethod, params: Any = None) -> Any:
    return method.call(method.check(params), CALL)


def faults(method: BoundMethod, params: Any) -> list[str]:
    with pytest.raises(InvalidParams) as caught:
        method.check(params)
    assert all(fault["message"] for fault in caught.value.data["errors"])
    return [fault["path"] for fault in caught.value.data["errors"]]


class Place(BaseModel):
    x: int
    y: int = 0


def test_parameters_are_checked_and_passed_by_name() -> None:
    def handler(a: int, b: str = "b", *, c: list[Literal["x", "y"]] | None = None, d: Place | None = None) -> Any:
        return a, b, c, d

    method = bound(handler)
    assert called(method, {"a": 1}) == (1, "b", None, None)
    assert called(method, {"a": "5", "c": ["x"], "d": {"x": 1}}) == (5, "b", ["x"], Place(x=1))
    assert faults(method, {"b": 5, "c": ["x", "z"], "d": {"y": "?"}}) == ["a", "b", "c.1", "d.x", "d.y"]


def test_unknown_parameters_are_refused() -> None:
    assert faults(bound(lambda: None), {"more": 1}) == ["more"]


@pytest.mark.parametrize("params", [None, {}, []])
def test_a_method_without_parameters_takes_none(params: Any) -> None:
    assert called(bound(lambda: 5), params) == 5


@pytest.mark.parametrize("params", [[1], "x", 5, True, 0])
def test_parameters_come_by_name(params: Any) -> None:
    assert faults(bound(lambda: 5), params) == [""]


def test_a_parameter_may_have_another_name_on_the_wire() -> None:
    def handler(shelly_id: Annotated[str, Field(alias="shellyID")]) -> str:
        return shelly_id

    method = bound(handler)
    assert called(method, {"shellyID": "a"}) == called(method, {"shelly_id": "a"}) == "a"
    assert faults(method, {}) == ["shellyID"]
    assert method.schema()["properties"] == {"shellyID": {"title": "Shellyid", "type": "string"}}


def test_call_and_platform_are_injected_and_never_taken_from_the_wire() -> None:
    def handler(call: Call, fleet: Fleet, a: int = 1) -> Any:
        return call, fleet, a

    method = bound(handler)
    assert called(method, {"a": 2}) == (CALL, FLEET, 2)
    assert faults(method, {"call": {"principal": None, "request_id": "x"}, "fleet": None}) == ["call", "fleet"]
    assert list(method.schema()["properties"]) == ["a"]


def test_defaults_are_not_shared_between_calls() -> None:
    def handler(names: list[str] = []) -> list[str]:  # noqa: B006
        names.append("x")
        return names

    method = bound(handler)
    assert called(method) == called(method) == ["x"]


def test_secrets_are_not_repeated_in_faults() -> None:
    def handler(password: Annotated[SecretStr, Field(max_length=3)], pin: int) -> None: ...

    with pytest.raises(InvalidParams) as caught:
        bound(handler).check({"password": "canary-1", "pin": "canary-2"})
    assert "canary" not in str(caught.value.to_json())


def test_what_is_not_declared_is_taken_from_the_handler() -> None:
    def handler() -> None:
        """Do it.

        More about it.
        """

    method = bound(handler, name="Noun.Verb", aliases=("Old.Name",))
    assert (method.permission, method.summary, method.aliases) == ("noun.verb", "Do it.", ("Old.Name",))
    assert bound(handler, permission="A.B", summary="x").permission == "a.b"
    assert bound(handler, summary="x").summary == "x"


async def test_async_handlers_are_called_alike() -> None:
    async def handler(a: int) -> int:
        return a

    assert await called(bound(handler), {"a": 1}) == 1


class Plugin:
    def method(self, a: int) -> int:
        return a


def test_bound_methods_are_handlers() -> None:
    assert called(bound(Plugin().method), {"a": 1}) == 1


class Unknowable:
    """Nothing that can come from JSON."""


def no_annotation(a) -> None: ...  # type: ignore[no-untyped-def]
def positional(a: int, /) -> None: ...
def variadic(*args: int) -> None: ...
def keywords(**kwargs: int) -> None: ...
def unresolved(a: Missing) -> None: ...  # type: ignore[name-defined]  # noqa: F821
def wrong_attribute(a: pytest.Missing) -> None: ...  # type: ignore[name-defined]
def wrong_syntax(a: "int +") -> None: ...  # type: ignore[valid-type]  # noqa: F722
def underscore(_a: int) -> None: ...
def unknowable(a: Unknowable) -> None: ...
def bad_pattern(a: Annotated[str, Field(pattern="(")]) -> None: ...
def optional_call(call: Call | None = None) -> None: ...
def annotated_call(call: Annotated[Call, "mine"]) -> None: ...
def optional_fleet(fleet: Fleet | None = None) -> None: ...
def nested_call(calls: list[Call]) -> None: ...


@pytest.mark.parametrize(
    "handler",
    [
        no_annotation,
        positional,
        variadic,
        keywords,
        unresolved,
        wrong_attribute,
        wrong_syntax,
        underscore,
        unknowable,
        bad_pattern,
        optional_call,
        annotated_call,
        optional_fleet,
        nested_call,
        5,
        None,
    ],
)
def test_a_declaration_that_cannot_be_used_is_refused_by_name(handler: Any) -> None:
    with pytest.raises(PluginError) as caught:
        bound(handler, name="Noun.Broken")
    assert "Noun.Broken" in str(caught.value)


@pytest.mark.parametrize("name", ["", "Do", ".", "Noun.", ".Verb", "Noun Verb", 'No"un.Verb', "Noun.Verb\n"])
def test_a_name_has_the_form_noun_verb(name: str) -> None:
    with pytest.raises(PluginError):
        bound(lambda: None, name=name)


@pytest.mark.parametrize(
    "name", ["Noun.Verb", "plugin:greetings.SetConfig", "a.b", "Noun.Verb2", "BLE.CloudRelay.List"]
)
def test_names_as_shelly_has_them_are_names(name: str) -> None:
    assert bound(lambda: None, name=name).name == name


def test_without_a_platform_none_can_be_injected() -> None:
    def handler(fleet: Fleet) -> None: ...

    with pytest.raises(PluginError):
        bind(Method(name="Test.Do", handler=handler), plugin="test")


def test_of_many_faults_the_number_is_told() -> None:
    def set_all(values: list[int]) -> None: ...

    some = faults(bound(set_all), {"values": ["x"] * 30})
    assert some == [f"values.{number}" for number in range(20)]
    assert faults(bound(set_all), {"values": ["x"] * 5_000}) == [""]


def test_methods_without_parameters_share_what_checks_them() -> None:
    def list_one() -> None: ...

    def list_two() -> None: ...

    assert bound(list_one).params is bound(list_two).params
