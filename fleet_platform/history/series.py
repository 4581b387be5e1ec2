"""Series: one number of one device, and how what a device reports becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from plugin_sdk import ComponentType, DeviceId, FieldKind, MeasuredField

MAX_WORDS = 64
"""Different words that one state may have; real ones have a dozen at most."""


class Series:
    """One number of one device that is kept.

    Attributes:
        id: Number in the database; None until it is known.
        device: With component key and path within its status, what it is called where it has no number.
        kind: None for a series of which only the number is known.
    """

    __slots__ = ("component", "device", "id", "kind", "path", "unit")

    def __init__(self, device: DeviceId, component: str, path: str, kind: FieldKind | None, unit: str) -> None:
        self.device = device
        self.component = component
        self.path = path
        self.kind = kind
        self.unit = unit
        self.id: int | None = None

    @classmethod
    def numbered(cls, number: int) -> Series:
        """A series of which only the number is known yet."""
        series = cls(DeviceId(""), "", "", None, "")
        series.id = number
        return series

    def __repr__(self) -> str:
        return f"Series({self.device}, {self.component}.{self.path}, id={self.id})"


def increase(before: float | None, now: float) -> float:
    """By how much a counter grew; the same as ``history.increase`` in the database, but for what it grew from nothing.

    One that fell below half was reset; one that fell by less went back to what it had last stored before it lost power.
    """
    if before is None:
        return 0.0
    if now >= before:
        return now - before
    return now if now < before / 2 else 0.0


Leaf: TypeAlias = tuple[tuple[str, ...], MeasuredField]
"""Where a field stands within the value of the first name of its path, and the field."""

Fields: TypeAlias = Mapping[str, MeasuredField | tuple[Leaf, ...]]
"""First name of a path to the field, or to the fields within it."""


def fields_of(kind: ComponentType | None) -> Fields:
    """The measured fields of a component type, by the first names of their paths."""
    found: dict[str, MeasuredField | tuple[Leaf, ...]] = {}
    for field in kind.fields if kind is not None else ():
        name, *rest = field.path.split(".")
        if not rest:
            found[name] = field
            continue
        inner = found.get(name, ())
        if isinstance(inner, tuple):
            found[name] = (*inner, (tuple(rest), field))
    return found
