"""Virtual components: values, buttons and groups that people or scripts create on a device."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fleet_shelly.actions import parameter
from fleet_shelly.fields import gauge, state
from fleet_shelly.inputs import PUSHES
from fleet_shelly.schemas import NAME, Schema, array, boolean, choice, form, integer, number, section, text
from plugin_sdk import JSON, Action, ComponentType, ComponentView, EntitySpec, MeasuredField

PERSISTED = boolean("Survives a restart")


def may_write(view: ComponentView) -> bool:
    """Whether people may change the value.

    ``access`` is ``"*"``, empty, or some of the letters c, r and w; a value that a device's own service keeps for
    reading only has ``"cr"``. Source: dumps of XT1 devices.
    """
    access = view.settings.get("access") or "*"
    return access == "*" or "w" in access


def _ui(view: ComponentView) -> Mapping[str, JSON]:
    meta = view.settings.get("meta") or {}
    ui: Mapping[str, JSON] = meta.get("ui") or {}
    return ui


def _view(view: ComponentView) -> Mapping[str, JSON]:
    return {"view": _ui(view).get("view")}


def _boolean(view: ComponentView) -> Mapping[str, JSON]:
    titles: list[str] = _ui(view).get("titles") or []
    off, on = [*titles, "", ""][:2]
    return {**_view(view), "labelFalse": off or "Off", "labelTrue": on or "On"}


def _number(view: ComponentView) -> Mapping[str, JSON]:
    ui = _ui(view)
    return {
        **_view(view),
        "unit": ui.get("unit"),
        "min": view.settings.get("min"),
        "max": view.settings.get("max"),
        "step": ui.get("step") or 1,
    }


def _text(view: ComponentView) -> Mapping[str, JSON]:
    return {**_view(view), "maxLength": view.settings.get("max_len")}


def _enum(view: ComponentView) -> Mapping[str, JSON]:
    titles = _ui(view).get("titles") or {}
    options = view.settings.get("options") or ()
    return {**_view(view), "options": {option: titles.get(option) or option for option in options}}


def _set(namespace: str, value: Schema) -> Action:
    return Action(
        name="set",
        method=f"{namespace}.Set",
        label="Set",
        parameters={"value": parameter(value, required=True)},
        available=may_write,
    )


def _virtual(
    namespace: str,
    *,
    title: str,
    properties: Callable[[ComponentView], Mapping[str, JSON]] = _view,
    fields: tuple[MeasuredField, ...] = (),
    actions: tuple[Action, ...] = (),
    events: tuple[str, ...] = (),
    settings: Mapping[str, Schema] | None = None,
) -> ComponentType:
    component_type = namespace.lower()
    return ComponentType(
        type=component_type,
        namespace=namespace,
        title=title,
        dynamic=True,
        entity=EntitySpec(
            suffix=component_type, type=component_type, label=namespace, label_always=True, properties=properties
        ),
        fields=fields,
        actions=actions,
        events=events,
        settings=form({"name": NAME, **(settings or {})}),
    )


BOOLEAN = _virtual(
    "Boolean",
    title="Virtual boolean",
    properties=_boolean,
    fields=(state("value", "Value"),),
    actions=(_set("Boolean", boolean("Value")),),
    settings={"persisted": PERSISTED, "default_value": boolean("Default")},
)

NUMBER = _virtual(
    "Number",
    title="Virtual number",
    properties=_number,
    # The unit is a setting of each number.
    fields=(gauge("value", "", "Value"),),
    actions=(_set("Number", number("Value")),),
    settings={
        "min": number("Least"),
        "max": number("Most"),
        "persisted": PERSISTED,
        "default_value": number("Default"),
        "meta": section("Presentation", {"ui": section("On screen", {"unit": text("Unit"), "step": number("Step")})}),
    },
)

TEXT = _virtual(
    "Text",
    title="Virtual text",
    properties=_text,
    actions=(_set("Text", text("Value")),),
    settings={
        "max_len": integer("Longest text", minimum=0),
        "persisted": PERSISTED,
        "default_value": text("Default"),
    },
)

ENUM = _virtual(
    "Enum",
    title="Virtual choice",
    properties=_enum,
    fields=(state("value", "Value"),),
    actions=(_set("Enum", text("Value", nullable=True)),),
    settings={
        "options": array("Options", text("Option")),
        "persisted": PERSISTED,
        "default_value": text("Default", nullable=True),
    },
)

BUTTON = _virtual(
    "Button",
    title="Virtual button",
    actions=(
        Action(
            name="trigger",
            method="Button.Trigger",
            label="Push",
            parameters={"event": parameter(choice("Push", *PUSHES), required=True)},
            available=may_write,
        ),
    ),
    events=PUSHES,
)

GROUP = _virtual(
    "Group",
    title="Virtual group",
    actions=(_set("Group", array("Members", text("Component key"))),),
)

OBJECT = _virtual(
    "Object",
    title="Virtual object",
    actions=(_set("Object", {"title": "Value", "type": "object"}),),
)

VIRTUAL = ComponentType(type="virtual", namespace="Virtual", title="Virtual components", singleton=True)

COMPONENTS = (BOOLEAN, NUMBER, TEXT, ENUM, BUTTON, GROUP, OBJECT, VIRTUAL)
