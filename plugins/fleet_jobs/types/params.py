"""Parameters of job types, checked by pydantic."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from plugin_sdk import JSONObject
from plugin_sdk.errors import InvalidParams

M = TypeVar("M", bound="Params")


class Params(BaseModel):
    """Parameters; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def read(model: type[M], params: JSONObject) -> M:
    """Read parameters.

    Raises:
        InvalidParams: They do not fit; one entry per fault, with its path.
    """
    try:
        return model.model_validate(params)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidParams(
            [{"path": ".".join(str(part) for part in fault["loc"]), "message": fault["msg"]} for fault in faults]
        ) from error
