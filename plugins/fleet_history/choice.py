"""Which devices and series a question is about: those that there are, and that the caller may see."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleet_history.names import listed
from fleet_history.slices import sliced
from plugin_sdk import Device, Fleet, Principal, component_type
from plugin_sdk.destinations import members
from plugin_sdk.errors import InvalidParams, PermissionDenied, UnknownDevice

SEE = "device.get"
MAX_SERIES = 20_000
_PAGE = 2_000

FIND = """
SELECT id, device, component, field, kind, unit, words FROM history.series
WHERE device = ANY ($1::integer[]) AND id > $4
    AND ($2::text[] IS NULL OR component = ANY ($2) OR split_part(component, ':', 1) = ANY ($2))
    AND ($3::text[] IS NULL OR field = ANY ($3))
ORDER BY id LIMIT $5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One number of one device that is kept.

    Attributes:
        id: Its number in the database.
        words: Of a state told in words: what 0, 1, 2 … stand for.
    """

    id: int
    device: str
    component: str
    field: str
    kind: str
    unit: str
    words: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """``{shellyID, component, field, unit, kind, words?}``."""
        told: dict[str, Any] = {
            "shellyID": self.device,
            "component": self.component,
            "field": self.field,
            "unit": self.unit,
            "kind": self.kind,
        }
        return {**told, "words": list(self.words)} if self.words else told


async def choose_devices(
    fleet: Fleet,
    principal: Principal,
    *,
    devices: Sequence[str] | None,
    shelly_id: str | None,
    dst: str | Sequence[str] | None,
    permission: str,
) -> dict[str, Device]:
    """The devices that a caller named, by their ids, in order; of a group those that the caller may see.

    Raises:
        InvalidParams: None was named.
        UnknownDevice: One that was named by its id is not there, or may not be seen.
        PermissionDenied: The caller may see one that was named by its id, and not ask this of it.
        NotFound: There is no such group.
    """
    named = [*(devices or ()), *([shelly_id] if shelly_id else ()), *(listed(dst) or ())]  # type: ignore[arg-type]
    if devices is None and not named:
        raise InvalidParams.at("shellyID", "names the device; or devices names several, or dst a group: group:1")
    chosen: dict[str, Device] = {}
    async for name, written in sliced(members(fleet, named, principal)):
        device = fleet.devices.get(name)
        if device is None or not fleet.allows(principal, SEE, device.id):
            if written is not None:
                raise UnknownDevice(written)
        elif fleet.allows(principal, permission, device.id):
            chosen.setdefault(device.id, device)
        elif written is not None:
            raise PermissionDenied(permission=permission, device=device.id)
    return chosen


async def find_series(
    fleet: Fleet,
    devices: Mapping[str, Device],
    *,
    components: Sequence[str] | None = None,
    fields: Sequence[str] | None = None,
) -> list[Series]:
    """What is kept of some devices: sorted by device as they were named, component and field.

    Args:
        components: Keys (``switch:0``) or types (``switch``); None for all.

    Raises:
        InvalidParams: It is too much for one question.
    """
    names = {device.number: name for name, device in devices.items() if device.number is not None}
    found: list[Series] = []
    last = 0
    while True:
        rows = await fleet.sql.fetch(
            FIND,
            list(names),
            None if components is None else list(components),
            None if fields is None else list(fields),
            last,
            _PAGE,
        )
        found += [
            Series(
                id=row["id"],
                device=names[row["device"]],
                component=row["component"],
                field=row["field"],
                kind=row["kind"],
                unit=row["unit"],
                words=row["words"],
            )
            for row in rows
        ]
        if len(rows) < _PAGE:
            break
        if len(found) > MAX_SERIES:
            raise InvalidParams.at(
                "field", f"these are more than {MAX_SERIES:,} series: name fields, components or fewer devices"
            )
        last = rows[-1]["id"]
    order = {name: number for number, name in enumerate(devices)}
    return sorted(found, key=lambda series: (order[series.device], series.component, series.field))


class Labels:
    """What fields are called for people, as the component types in force have it."""

    def __init__(self, fleet: Callable[[], Fleet]) -> None:
        self._fleet = fleet
        self._known: dict[str, dict[str, str]] | None = None

    async def read(self) -> Mapping[str, Mapping[str, str]]:
        """Component type to path to label; read once in the life of the plugin."""
        if self._known is None:
            types = await self._fleet().invoke("Component.ListTypes")
            self._known = {
                name: {field["path"]: field["label"] for field in kind.get("fields", ())}
                for name, kind in types.items()
            }
        return self._known

    async def of(self, component: str, field: str) -> str:
        """The label of a field; the field itself where no type in force has it any more."""
        known = await self.read()
        return known.get(component_type(component), {}).get(field, field)

    async def check_fields(self, wanted: Iterable[str] | None, found: Iterable[Series]) -> None:
        """Refuse fields that are neither kept nor measured by any component.

        Raises:
            InvalidParams: Names the nearest one that there is.
        """
        missing = set(wanted or ()) - {series.field for series in found}
        if not missing:
            return
        measured = {path for fields in (await self.read()).values() for path in fields}
        for name in sorted(missing - measured):
            near = difflib.get_close_matches(name, measured, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InvalidParams.at("field", f"nothing measures {name!r}{hint} History.Fields lists what there is")
