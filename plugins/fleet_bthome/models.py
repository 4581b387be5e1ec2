"""Shelly's own BLE devices: what they call themselves, what people call them, and what they measure. Constant data.

Source: dump of a BLU Gateway Gen3 (``model_id``, objects), bthome-ble (names). Objects are left out where no dump or
document has them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

BUTTON: Final = 58


class Model(NamedTuple):
    """One model.

    Attributes:
        local_name: As it is on the air: ``SBHT-003C``.
        title: For people: ``BLU H&T``.
        number: ``model_id``, where it is known.
        objects: Object id and index of each measurement; empty where they are not known.
    """

    local_name: str
    title: str
    number: int | None = None
    objects: tuple[tuple[int, int], ...] = ()


MODELS: Final = (
    Model("SBBT-002C", "BLU Button1", 1, ((1, 0), (BUTTON, 0))),
    Model("SBDW-002C", "BLU Door/Window", 2, ((1, 0), (5, 0), (45, 0), (63, 0))),
    Model("SBHT-003C", "BLU H&T", 3, ((1, 0), (46, 0), (BUTTON, 0), (69, 0))),
    Model("SBMO-003Z", "BLU Motion", 5, ((1, 0), (5, 0), (33, 0))),
    Model("SBTR-001AEU", "BLU TRV", 8, ((1, 0), (BUTTON, 0), (69, 0), (69, 1))),
    Model("SBBT-004CEU", "BLU Wall Switch 4", None, ((1, 0), *((BUTTON, idx) for idx in range(4)))),
    Model("SBBT-004CUS", "BLU RC Button 4", None, ((1, 0), *((BUTTON, idx) for idx in range(4)))),
    Model("SBBT-102C", "BLU Button1 ZB"),
    Model("SBHT-203C", "BLU H&T ZB"),
    Model("SBHT-103C", "BLU H&T Display ZB"),
)

_BY_NAME: Final = {name.lower(): model for model in MODELS for name in (model.local_name, model.title)}
_BY_NUMBER: Final = {model.number: model for model in MODELS if model.number is not None}


def model_of(name: object = None, number: object = None) -> Model | None:
    """A model by what it calls itself, what people call it, or by its number; None if nobody knows it."""
    found = _BY_NAME.get(name.lower()) if isinstance(name, str) else None
    return found or (_BY_NUMBER.get(number) if isinstance(number, int) else None)
