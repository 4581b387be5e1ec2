"""The shape of an action: what it is made of, and what is accepted."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from plugin_sdk import JSONObject

TARGETS = "$targets"
"""In ``dst``: the devices that whoever runs the action names."""

MAX_STEPS = 100
PARAMS_BYTES = 64 * 1024


def _bounded(params: JSONObject) -> JSONObject:
    if len(json.dumps(params)) > PARAMS_BYTES:
        raise ValueError(f"at most {PARAMS_BYTES // 1024} KiB")
    return params


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has control characters")
    return text


Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
Variables = Annotated[dict[Text, Any], Field(max_length=100), AfterValidator(_bounded)]


class Step(BaseModel):
    """One step: a method, its parameters, and the devices it is called on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Annotated[str, Field(min_length=3, max_length=100, pattern=r"^[^\s.]+(\.[^\s.]+)+$")]
    params: Annotated[dict[str, Any], AfterValidator(_bounded)] = Field(default_factory=dict)
    dst: Annotated[list[Text], Field(min_length=1, max_length=10_000)] = Field(default_factory=lambda: [TARGETS])
    on_error: Literal["stop", "continue"] = "stop"
    wait_s: Annotated[float, Field(ge=0, le=300)] = 0.0


Steps = Annotated[list[Step], Field(min_length=1, max_length=MAX_STEPS)]
