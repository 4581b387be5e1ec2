"""What methods answer, for those who read the description of a method.

A handler returns plain JSON objects; its annotation says what they look like: ``Annotated[JSONObject,
Like(Device)]``. It is read when methods are described and never when they are called. What has a default here may be
missing from the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema

from plugin_sdk import JSON, JSONObject


@dataclass(frozen=True, slots=True)
class Like:
    """Marks an annotation with the type that describes the value."""

    shape: Any

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The description of ``shape`` in place of the annotation's own."""
        return handler.generate_schema(self.shape)


@dataclass
class Meta:
    """When a device reported, in UTC epoch milliseconds; of a sleeper also whether it sleeps, and when it wakes."""

    lastReportTs: int  # noqa: N815  # here and below: the wire's names
    asleep: bool | None = None
    wakeExpectedTs: float | None = None  # noqa: N815


@dataclass
class Device:
    """A device; ``status`` and ``settings`` are objects by component."""

    shellyID: str  # noqa: N815
    id: int | None
    source: Literal["ws", "offline"]
    info: JSONObject
    status: JSONObject
    presence: Literal["online", "offline"]
    settings: JSONObject
    entities: list[str]
    meta: Meta


@dataclass
class DevicePage:
    """A page of devices; ``cursor`` is null on the last."""

    items: list[Device]
    total: int
    cursor: str | None


@dataclass
class DeviceCount:
    """How many devices there are, and which."""

    devices_size: int
    devices: list[str]


@dataclass
class QueuedCall:
    """A call that waits for its device; times in UTC epoch seconds."""

    id: int
    shellyID: str  # noqa: N815
    method: str
    params: JSON
    principal: str
    created: float
    expires: float


@dataclass
class Deleted:
    """The id of what is gone."""

    deleted: str


@dataclass
class Cancelled:
    """Whether it still waited."""

    cancelled: bool


@dataclass
class ConfigChanged:
    """Whose settings were changed."""

    component: str
    event: Literal["config_changed"]


@dataclass
class Entity:
    """A thing of a device that people name; ``properties`` depend on its type."""

    id: str
    name: str
    type: str
    source: str
    properties: JSONObject


@dataclass
class EntityCount:
    """How many entities there are, and which."""

    entities_count: int
    entities: list[str]


@dataclass
class ActionParameter:
    """One parameter; ``schema`` is JSON Schema."""

    schema: JSONObject
    label: str
    required: bool


@dataclass
class OfferedAction:
    """Something an entity can be told to do; ``allowed`` says whether the caller may."""

    name: str
    method: str
    label: str
    allowed: bool
    parameters: dict[str, ActionParameter]


@dataclass
class Failure:
    """An error: its code and message, and what a program needs to act on it."""

    code: int
    message: str
    data: JSONObject = field(default_factory=dict)


@dataclass
class Outcome:
    """A result or an error."""

    result: JSON = None
    error: Failure | None = None


@dataclass
class Waiting:
    """A device that waits for a decision, or was rejected."""

    shellyID: str  # noqa: N815
    id: int | None
    presence: Literal["pending", "denied"]
    status: JSONObject
    reason: str
    connected: bool


@dataclass
class Decided:
    """Ids that were decided about, and what names no such device."""

    success: list[str]
    error: list[str]


@dataclass
class Snapshot:
    """Devices as they are now."""

    devices: list[Device]


@dataclass
class Subscribed:
    """An id for each event name, and where the stream is; ``resync`` if some of what was missed is gone."""

    ids: list[int]
    epoch: str
    seq: int
    resync: bool = False
    snapshot: Snapshot | None = None


@dataclass
class Tokens:
    """Tokens of who signed in."""

    access_token: str
    refresh_token: str


ADevice: TypeAlias = Annotated[JSONObject, Like(Device)]
AnEntity: TypeAlias = Annotated[JSONObject, Like(Entity)]
ByComponent: TypeAlias = Annotated[JSONObject, Like(dict[str, JSONObject])]
"""An object by component; each member is an object."""
