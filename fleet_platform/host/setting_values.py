"""Values of one plugin's settings: merging, freezing, hiding secrets. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import new_class
from typing import Any

from pydantic import BaseModel, ConfigDict, Secret, SecretBytes, SecretStr, ValidationError

from plugin_sdk import JSON, JSONObject
from plugin_sdk.errors import InvalidParams

_CONFIG = ConfigDict(frozen=True, hide_input_in_errors=True)
_SECRETS = (Secret, SecretStr, SecretBytes)


def freeze(model: type[BaseModel]) -> type[BaseModel]:
    """A model whose instances are instances of the given one and cannot be changed."""
    namespace = {"__module__": model.__module__, "__doc__": model.__doc__, "model_config": _CONFIG}
    frozen: type[BaseModel] = new_class(model.__name__, (model,), exec_body=lambda body: body.update(namespace))
    return frozen


def make(model: type[BaseModel], *layers: Mapping[str, JSON]) -> BaseModel:
    """An instance of a model from layers of values, the later winning.

    Raises:
        InvalidParams: They do not fit; one entry per fault, with its path.
    """
    values: JSONObject = {}
    for layer in layers:
        values = _over(values, layer)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidParams(
            [{"path": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in faults]
        ) from error


def merge(stored: Mapping[str, JSON], patch: Mapping[str, JSON], current: BaseModel) -> JSONObject:
    """What is stored after a patch.

    A setting that is an object of its own is merged, any other is replaced. Null leaves a secret as it is, because
    that is how it is shown; an empty string is how to remove one.

    Raises:
        InvalidParams: The patch names a setting that does not exist.
    """
    merged = dict(stored)
    for key, value in patch.items():
        present = _value_of(current, key)
        if isinstance(present, BaseModel) and isinstance(value, Mapping):
            inner = stored.get(key)
            merged[key] = merge(inner if isinstance(inner, Mapping) else {}, value, present)
        elif value is not None or not isinstance(present, _SECRETS):
            merged[key] = value
    return merged


def show(values: BaseModel) -> JSONObject:
    """Values as clients see them: every setting is there, secrets are null."""
    shown: JSONObject = _hide(values.model_dump(mode="json", by_alias=True), values.model_dump(by_alias=True))
    return shown


def unknown(model: type[BaseModel], values: Mapping[str, JSON]) -> list[str]:
    """Names that are no settings of the model."""
    if model.model_config.get("extra") == "allow":
        return []
    known = {*model.model_fields, *(field.alias for field in model.model_fields.values())}
    return [name for name in values if name not in known]


def _over(below: Mapping[str, JSON], above: Mapping[str, JSON]) -> JSONObject:
    merged = dict(below)
    for key, value in above.items():
        inner = merged.get(key)
        merged[key] = _over(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return merged


def _value_of(values: BaseModel, key: str) -> Any:
    for name, field in type(values).model_fields.items():
        if key in (name, field.alias):
            return getattr(values, name)
    if type(values).model_config.get("extra") == "allow":
        return None
    raise InvalidParams.at(key, "There is no such setting.")


def _hide(shown: Any, value: Any) -> Any:
    if isinstance(value, _SECRETS):
        return None
    if isinstance(shown, dict) and isinstance(value, dict):
        return {key: _hide(inner, known) for (key, inner), known in zip(shown.items(), value.values(), strict=False)}
    if isinstance(shown, list) and isinstance(value, Sequence):
        return [_hide(inner, known) for inner, known in zip(shown, value, strict=False)]
    return shown
