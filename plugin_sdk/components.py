"""What a plugin says about a type of device component: how people see it, what it measures, what it can do.

Plain, frozen data with a few pure functions. The platform compiles all component types into one table at load
time and looks types up by name; no code here runs per message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from plugin_sdk.values import JSON, ComponentKey, DeviceId

if TYPE_CHECKING:
    from plugin_sdk.simulation import Behaviour, SimulatedDevice

FieldKind: TypeAlias = Literal["gauge", "counter", "state"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentView:
    """One component of one device, as entity and action functions see it.

    Attributes:
        device: The device's id.
        device_name: The name people gave the device, or its id.
        key: ``switch:0``.
        index: 0 for ``switch:0``; None for a singleton.
        siblings: How many components of the type the device has, this one included.
        status: The component's status; may be empty.
        settings: The component's settings; may be empty (a sleeper that was never read).
        system: The device's ``sys`` settings; may be empty.
    """

    device: DeviceId
    device_name: str
    key: ComponentKey
    index: int | None
    siblings: int
    status: Mapping[str, JSON]
    settings: Mapping[str, JSON]
    system: Mapping[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredField:
    """A number in a component's status that is worth keeping.

    Attributes:
        path: Dotted path inside the component's status: ``aenergy.total``.
        unit: Unit as Shelly documents it (``W``, ``Wh``, ``°C``, ``%``, ``dBm``, ``s``), or "".
        kind: ``gauge`` may go up and down, ``counter`` only grows until it is reset,
            ``state`` is a boolean or a small enumeration.
        label: For people: ``Active power``.
    """

    path: str
    unit: str
    kind: FieldKind
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an action, enough to draw a control for it.

    Attributes:
        schema: JSON Schema of the value: ``{"type": "integer", "minimum": 0, "maximum": 100}``.
        label: For people.
        required: Whether the device refuses the call without it.
    """

    schema: Mapping[str, JSON]
    label: str
    required: bool = False


def _always(_view: ComponentView) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something a person can make a component do.

    Attributes:
        name: Unique within the type: ``toggle``.
        method: The device's RPC method: ``Switch.Toggle``. The platform adds ``id`` for instances.
        label: For people: ``Toggle``.
        parameters: Parameter name to its description.
        available: Whether this very component offers it (a cover without position control has no
            ``go_to_position``). Pure; a raised exception counts as False.
    """

    name: str
    method: str
    label: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    available: Callable[[ComponentView], bool] = _always

    @property
    def conditional(self) -> bool:
        """Whether some components of the type do not offer it, or not always."""
        return self.available is not _always


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitySpec:
    """How a component becomes an entity ``<device>_<index>:<suffix>``.

    The name is the component's configured name where it has one, else the device's name with ``label`` and,
    where the device has several of the type, the instance number: ``1) Output Boiler room``. Dynamic types are not
    numbered. A singleton has index 0 in its id.

    Attributes:
        suffix: Last part of the entity id: ``out``.
        type: Entity type: ``switch``.
        label: What it is, for people: ``Output``.
        label_always: Whether ``label`` is part of the default name even of an only instance.
        properties: Extra properties beside ``id``. Pure, and of what changes with the settings alone: the answer is
            kept until the device's settings, its name or the set of its components change.
        label_for: Replaces ``label`` where the text depends on the component
            (a BLU sensor is called after what it measures), and shows it always. Pure.
    """

    suffix: str
    type: str
    label: str
    label_always: bool = False
    properties: Callable[[ComponentView], Mapping[str, JSON]] = lambda _view: {}
    label_for: Callable[[ComponentView], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAttribute:
    """Something a device tells a webhook of an event: ``ev.tC``.

    Attributes:
        name: As in conditions and addresses: ``tC``.
        type: ``number``, ``boolean`` or ``string``.
        text: What it is, for people.
        path: Dotted path of the value inside the component's status.
        value: The value itself, where ``path`` is empty.
    """

    name: str
    type: Literal["number", "boolean", "string"]
    text: str
    path: str = ""
    value: JSON = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """Something a device can call a webhook for. Several of one name are one event with several causes.

    Attributes:
        name: After the component's type: ``on`` for ``switch.on``.
        path: Dotted path inside the component's status, whose change causes it: ``output``.
        value: Only a change to this value causes it; None for any change.
        each_report: Every report of the value causes it, whether it differs or not.
        event: Instead of a status, the name of an event of the component that causes it: ``single_push``.
        attributes: What the device tells with it.
    """

    name: str
    path: str = ""
    value: JSON = None
    each_report: bool = False
    event: str = ""
    attributes: tuple[WebhookAttribute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentType:
    """A type of component that Shelly devices have.

    Attributes:
        type: As in component keys: ``switch``.
        namespace: As in RPC method names: ``Switch``.
        title: For people: ``Switch``.
        singleton: The key has no instance number: ``sys``.
        dynamic: Created and removed at run time (instances 200-299): virtual and BTHome components.
        reported: No device has it: the plugin reports its instances for a device (:meth:`plugin_sdk.Fleet.report`).
        entity: How it appears to users; None for what users never name (``wifi``).
        fields: What it measures.
        actions: What it can do.
        events: Event names its instances emit beside ``config_changed``.
        settings: JSON Schema of its settings, for a generated form; None where no form makes sense.
        slow_methods: RPC methods that may take up to a minute (radio behind a gateway); they get a longer
            deadline and never block the device's other calls.
        simulate: Makes the behaviour of one simulated instance; None if the type does nothing by itself.
        webhooks: What a simulated instance can call webhooks for, as ``Webhook.ListAllSupported`` lists it.
    """

    type: str
    namespace: str
    title: str
    singleton: bool = False
    dynamic: bool = False
    reported: bool = False
    entity: EntitySpec | None = None
    fields: tuple[MeasuredField, ...] = ()
    actions: tuple[Action, ...] = ()
    events: tuple[str, ...] = ()
    settings: Mapping[str, JSON] | None = None
    slow_methods: tuple[str, ...] = ()
    simulate: Callable[[SimulatedDevice, ComponentKey], Behaviour] | None = None
    webhooks: tuple[WebhookEvent, ...] = ()
