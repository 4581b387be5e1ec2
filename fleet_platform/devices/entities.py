"""Which entities a device has. Pure; the component types come from plugins.

A plugin's fault costs its own entities and never a device: :func:`compose` does not raise.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from plugin_sdk import (
    JSON,
    ComponentKey,
    ComponentType,
    ComponentView,
    DeviceId,
    Entity,
    EntitySpec,
    component_id,
    component_type,
)

logger = logging.getLogger(__name__)


def compose(
    device_id: DeviceId,
    device_name: str,
    status: Mapping[str, JSON],
    settings: Mapping[str, JSON],
    types: Mapping[str, ComponentType],
    *,
    faulty: set[str] | None = None,
) -> tuple[Entity, ...]:
    """Make the entities of one device.

    Args:
        device_name: The name people gave the device, or its id.
        status: Component key to status. A null status means that the component is not there.
        settings: Component key to settings; may lack any of them.
        types: Component type to its declaration; unknown components have no entity.
        faulty: Types whose functions were seen to fail. Each is logged when it is added here, so whoever keeps
            the set hears of a fault once.

    Returns:
        The entities in the order of ``status``; their ids differ. An id is ``<device>_<index>:<suffix>``. A
        singleton has index 0 there, so that all ids read alike, and no ``id`` among its properties, because its
        methods take none.
    """
    faulty = set() if faulty is None else faulty
    named: list[tuple[str, ComponentType, EntitySpec]] = []
    siblings: dict[str, int] = {}
    for key, value in status.items():
        kind = types.get(component_type(key))
        if kind is not None and kind.entity is not None and isinstance(value, dict):
            named.append((key, kind, kind.entity))
            siblings[kind.type] = siblings.get(kind.type, 0) + 1
    entities: dict[str, Entity] = {}
    for key, kind, spec in named:
        try:
            view = view_of(
                key, device=device_id, name=device_name, status=status, settings=settings, siblings=siblings[kind.type]
            )
            entity = _entity(spec, view, numbered=not kind.dynamic)
        except Exception:  # the rim to plugin code: whatever it raises must not keep a device out
            if kind.type not in faulty:
                faulty.add(kind.type)
                logger.warning("no entity for components of type %s", kind.type, exc_info=True)
            continue
        entities.setdefault(entity.id, entity)
    return tuple(entities.values())


def view_of(
    key: str,
    *,
    device: DeviceId,
    name: str,
    status: Mapping[str, JSON],
    settings: Mapping[str, JSON],
    siblings: int | None = None,
) -> ComponentView:
    """One component as functions of its type see it.

    Args:
        siblings: How many components of the type the device has; counted if not given.
    """
    if siblings is None:
        kind = component_type(key)
        siblings = sum(component_type(other) == kind and isinstance(value, dict) for other, value in status.items())
    return ComponentView(
        device=device,
        device_name=name,
        key=ComponentKey(key),
        index=component_id(key),
        siblings=siblings,
        status=_object(status, key),
        settings=_object(settings, key),
        system=_object(settings, "sys"),
    )


def _entity(spec: EntitySpec, view: ComponentView, *, numbered: bool) -> Entity:
    number = {} if view.index is None else {"id": view.index}
    return Entity(
        id=f"{view.device}_{view.index or 0}:{spec.suffix}",
        name=_name(spec, view, numbered=numbered),
        type=spec.type,
        source=view.device,
        component=view.key,
        properties={**number, **spec.properties(view)},
    )


def _name(spec: EntitySpec, view: ComponentView, *, numbered: bool) -> str:
    """The configured name, else ``[N) ][label ]<device>``.

    Dynamic components are not numbered: 200 and up mean nothing to people.
    """
    configured = view.settings.get("name")
    if isinstance(configured, str) and configured.strip():
        return configured
    several = view.siblings > 1
    number = f"{view.index}) " if several and numbered and view.index is not None else ""
    label = spec.label_for(view) if spec.label_for else spec.label
    shown = several or spec.label_always or spec.label_for is not None
    return f"{number}{label} {view.device_name}" if shown else view.device_name


def _object(settings: Mapping[str, JSON], key: str) -> Mapping[str, JSON]:
    value = settings.get(key)
    return value if isinstance(value, dict) else {}
