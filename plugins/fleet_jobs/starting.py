"""Making a job: which devices it is for, and whether it may be made at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import TypeVar

from plugin_sdk import Fleet, JobType, JSONObject, Principal
from plugin_sdk.destinations import members
from plugin_sdk.errors import InvalidParams, PermissionDenied

T = TypeVar("T")

MAX_DEVICES = 100_000
PARAMS_BYTES = 256 * 1024
EVERYTHING = "*"

_NAMED = 5
_SLICE = 500


async def targets(fleet: Fleet, kind: JobType, names: Sequence[str], principal: Principal) -> list[str]:
    """Ids of the devices that names stand for, each once, in order.

    ``*`` is every device that the principal may see. Devices of a set that it may not see are left out; one that it
    names itself has to be there.

    Raises:
        InvalidParams: A device is not there, there is none at all, or there are too many.
        NotFound: A set does not exist.
    """
    found: dict[str, str] = {}
    strange: list[str] = []
    async for device, written in in_slices(_wanted(fleet, kind, names, principal)):
        if not device.isprintable():
            raise InvalidParams.at("devices", "an id has no control characters")
        if not kind.known or _is_visible(fleet, device, principal):
            found.setdefault(device.lower(), device)
        elif written is not None:
            strange.append(written)
    if strange:
        more = f" and {len(strange) - _NAMED} more" if len(strange) > _NAMED else ""
        raise InvalidParams.at("devices", f"there is no such device: {', '.join(strange[:_NAMED])}{more}")
    if not found:
        raise InvalidParams.at("devices", "there is no device among them")
    if len(found) > MAX_DEVICES:
        raise InvalidParams.at("devices", f"a job has at most {MAX_DEVICES:,} devices, not {len(found):,}")
    return list(found.values())


def check(kind: JobType, params: JSONObject) -> None:
    """Check a job's parameters.

    Raises:
        InvalidParams: They do not fit the type, or are too long.
    """
    if len(json.dumps(params)) > PARAMS_BYTES:
        raise InvalidParams.at("params", f"at most {PARAMS_BYTES // 1024} KiB")
    try:
        kind.check(params)
    except InvalidParams as error:
        faults = [{**each, "path": f"params.{each['path']}".rstrip(".")} for each in error.data["errors"]]
        raise InvalidParams(faults) from error


async def require_some_right(fleet: Fleet, permission: str, devices: Sequence[str], principal: Principal) -> None:
    """Refuse a job that could be done on no device at all; about the others each turn decides.

    Raises:
        PermissionDenied: The principal has the permission for none of the devices.
    """
    async for device in in_slices(devices):
        if fleet.allows(principal, permission, device):
            return
    raise PermissionDenied(permission=permission)


def _wanted(
    fleet: Fleet, kind: JobType, names: Sequence[str], principal: Principal
) -> Iterator[tuple[str, str | None]]:
    """Ids that names stand for, and what each was written as; None where it was not named itself."""
    if not kind.known:
        if EVERYTHING in names:
            raise InvalidParams.at("devices", f"{EVERYTHING} means devices of the fleet; name those that are none yet")
        yield from ((name, name) for name in names)
        return
    if EVERYTHING in names:
        yield from ((str(device.id), None) for device in fleet.devices)
    yield from members(fleet, (name for name in names if name != EVERYTHING), principal)


def _is_visible(fleet: Fleet, device: str, principal: Principal) -> bool:
    return fleet.devices.get(device) is not None and fleet.allows(principal, "device.get", device)


async def in_slices(values: Iterable[T]) -> AsyncIterator[T]:
    """Values one by one, with a turn for others now and then."""
    for number, value in enumerate(values):
        yield value
        if number % _SLICE == _SLICE - 1:
            await asyncio.sleep(0)
