"""Which actions a component offers, and what is sent to the device."""

from __future__ import annotations

from typing import Any

import pytest

from fleet_platform.devices.actions import arguments, offered, pick
from fleet_platform.devices.entities import view_of
from plugin_sdk import Action, ComponentType, ComponentView, DeviceId, Parameter
from plugin_sdk.errors import InvalidParams, NotFound

LEVEL = Parameter(schema={"type": "integer", "minimum": 0, "maximum": 100}, label="Level", required=True)
TARGET = Parameter(
    schema={
        "type": "object",
        "properties": {"id": {"const": 0}, "target_C": {"type": "number"}},
        "required": ["id", "target_C"],
        "additionalProperties": False,
    },
    label="Target",
    required=True,
)
PLAIN = Action(name="open", method="Cover.Open", label="Open")
GO = Action(name="go", method="Cover.Go", label="Go", parameters={"pos": LEVEL})
ASK = Action(
    name="target",
    method="BluTrv.Call",
    label="Target",
    parameters={"method": Parameter(schema={"const": "TRV.SetTarget"}, label=""), "params": TARGET},
)


def view(key: str = "cover:1", **status: Any) -> ComponentView:
    return view_of(key, device=DeviceId("d"), name="d", status={key: status}, settings={})


def kind(*actions: Action) -> ComponentType:
    return ComponentType(type="cover", namespace="Cover", title="Cover", actions=actions)


def test_a_component_offers_what_is_available_for_it() -> None:
    can = Action(name="go", method="X.Y", label="", available=lambda view: bool(view.status["pos_control"]))
    both = kind(PLAIN, can)
    assert offered(both, view(pos_control=True)) == [PLAIN, can]
    assert offered(both, view(pos_control=False)) == [PLAIN]
    assert offered(both, view()) == [PLAIN], "a function that fails means that it is not offered"


@pytest.mark.parametrize("name", ["go", "fly"])
def test_what_is_not_offered_is_told_with_what_is(name: str) -> None:
    never = Action(name="go", method="X.Y", label="", available=lambda _view: False)
    with pytest.raises(NotFound) as caught:
        pick(kind(PLAIN, never), view(), name)
    assert caught.value.data == {"action": name, "available": ["open"]}


@pytest.mark.parametrize(
    ("action", "key", "given", "sent"),
    [
        (PLAIN, "cover:1", {}, {"id": 1}),
        (PLAIN, "media", {}, {}),
        (GO, "cover:0", {"pos": 50}, {"id": 0, "pos": 50}),
        (
            ASK,
            "blutrv:200",
            {"params": {"target_C": 21.5}},
            {"id": 200, "method": "TRV.SetTarget", "params": {"id": 0, "target_C": 21.5}},
        ),
    ],
)
def test_the_number_and_constants_are_filled_in(action: Action, key: str, given: Any, sent: Any) -> None:
    assert arguments(action, view(key), given) == sent


@pytest.mark.parametrize(
    ("action", "given", "path"),
    [
        (GO, {}, "params"),
        (GO, {"pos": 101}, "params.pos"),
        (GO, {"pos": "50"}, "params.pos"),
        (GO, {"pos": True}, "params.pos"),
        (GO, {"pos": 1, "id": 7}, "params"),
        (PLAIN, {"speed": 1}, "params"),
        (ASK, {"params": {}}, "params.params"),
        (ASK, {"params": {"target_C": 20, "id": 1}}, "params.params.id"),
        (ASK, {"params": 20}, "params.params"),
        (ASK, {"method": "TRV.FactoryReset", "params": {"target_C": 20}}, "params.method"),
    ],
)
def test_parameters_that_do_not_fit_are_told_by_their_path(action: Action, given: Any, path: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        arguments(action, view(), given)
    assert path in [fault["path"] for fault in caught.value.data["errors"]]


@pytest.mark.parametrize("given", [["x"] * 1_000, "x" * 70_000, {str(number): 1 for number in range(1_000)}])
def test_more_than_a_device_takes_is_refused_before_it_is_checked(given: Any) -> None:
    anything = Action(name="set", method="X.Y", label="", parameters={"value": Parameter(schema={}, label="")})
    assert arguments(anything, view(), {"value": ["x"] * 900}) == {"id": 1, "value": ["x"] * 900}
    with pytest.raises(InvalidParams) as caught:
        arguments(anything, view(), {"value": given})
    assert caught.value.data["errors"][0]["path"] == "params"


def test_of_many_faults_some_are_told() -> None:
    numbers = Parameter(schema={"type": "array", "items": {"type": "integer"}}, label="")
    action = Action(name="set", method="X.Y", label="", parameters={"value": numbers})
    with pytest.raises(InvalidParams) as caught:
        arguments(action, view(), {"value": ["x"] * 900})
    assert len(caught.value.data["errors"]) == 20
