"""``Energy.GetConsumption``: energy by device, phase, period and band of a tariff."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from fleet_history.choice import Series, choose_devices, find_series
from fleet_history.energy import tariffs
from fleet_history.energy.counters import FIELDS, PHASES, ROLES, Role, roles
from fleet_history.energy.periods import DEFAULTS, Period, begins, is_hourly, whole
from fleet_history.energy.tariff import Tariff
from fleet_history.names import Destination, Devices, From, MaybeShellyId, Name, Time, Zone, caller
from fleet_history.slices import sliced
from fleet_history.spans import Span, Zones, read_span, seconds_of
from plugin_sdk import Call, Fleet, JSONObject, Method, Pieces
from plugin_sdk.errors import InvalidParams

MAX_NUMBERS: Final = 500_000
_STEP: Final = 20_000
"""Numbers that one statement gives."""

_AT_ONCE: Final = 1_000
"""Series of one statement, so that none runs for long."""

_SUMS = """
SELECT place, array_agg(period) AS period, array_agg(band) AS band, array_agg(energy) AS energy
FROM consumption(
    $1::integer[], $2::integer[], $3, $4, $5::text::interval, $6::smallint, $7::timestamptz[], $8::integer[], $9
)
GROUP BY place
"""


@dataclass(slots=True)
class Sums:
    """Watt-hours of one device or of all, by role and band, for each period."""

    periods: int
    used: dict[Role, list[float]] = field(default_factory=dict)
    bands: dict[int, list[float]] = field(default_factory=dict)

    def add(self, role: Role, band: int, period: int, energy: float) -> None:
        """Count energy of a period."""
        self._of(self.used, role)[period] += energy
        if role == "used":
            self._of(self.bands, band)[period] += energy

    def _of(self, kept: dict[Any, list[float]], key: Any) -> list[float]:
        found = kept.get(key)
        if found is None:
            found = kept[key] = [0.0] * self.periods
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked, checked."""

    span: Span
    begins: Sequence[datetime]
    zone: str
    tariff: Tariff | None
    grain: str
    coarsest: int


class Consumption:
    """The handler."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones

    def methods(self) -> list[Method]:
        """Declare it."""
        return [Method(name="Energy.GetConsumption", handler=self.get, read_only=True, timeout_s=120.0)]

    async def get(
        self,
        fleet: Fleet,
        call: Call,
        devices: Devices | None = None,
        shelly_id: MaybeShellyId = None,
        dst: Destination | None = None,
        since: From = None,
        to: Time | None = None,
        period: Period = "day",
        time_zone: Zone = None,
        phases: bool = False,
        returned: bool = False,
        tariff: Name | None = None,
    ) -> Any:
        """Energy that devices used, in watt-hours: `{from, to, period, timeZone, unit, periods, total, devices}`.

        `periods` are their begins, UTC epoch seconds. `total`, and each of `devices`, has `{used, energy}` (the sum,
        and a number for each period); with `returned` also `{returned, returnedEnergy}`, with `phases`
        `phases: {a, b, c}` of meters of three, and with a `tariff` `{cost, costs}`, in `total` by band as well.
        """
        chosen = await choose_devices(
            fleet, caller(call), devices=devices, shelly_id=shelly_id, dst=dst, permission="energy.getconsumption"
        )
        zone = await self._zones.of(time_zone, chosen)
        span = whole(read_span(since, to, zone, default=DEFAULTS[period], now=datetime.now(UTC)))
        begun = begins(span, period, zone)
        plan = None if tariff is None else await tariffs.find(fleet, tariff)
        columns = (1 + returned) * (1 + 3 * phases) + (plan is not None)
        if len(chosen) * len(begun) * columns > MAX_NUMBERS:
            raise InvalidParams.at(
                "period",
                f"these are {len(chosen) * len(begun) * columns:,} numbers, of {MAX_NUMBERS:,} at most: take longer "
                "periods, a shorter time or fewer devices",
            )
        clocks = [zone, *([] if plan is None else [await self._zones.named(plan.zone)])]
        hourly = is_hourly(span, begun, clocks) and (plan is None or plan.is_hourly)
        daily = hourly and plan is None and all(at.hour == 0 for at in (span.since, span.till, *begun))
        asked = Asked(
            span=span,
            begins=begun,
            zone=zone.key,
            tariff=plan,
            grain="1 day" if daily else "1 hour" if hourly else "15 minutes",
            coarsest=4 if daily else 3 if hourly else 2,
        )
        series = await find_series(fleet, chosen, fields=FIELDS)
        found = await _sums(fleet, asked, list(roles(series, phases=phases, returned=returned)))
        return await _answer(asked, period, list(chosen), found, phases=phases, returned=returned)


async def _sums(fleet: Fleet, asked: Asked, counted: Sequence[tuple[Series, Role]]) -> dict[str, Sums]:
    names = list(dict.fromkeys(series.device for series, _ in counted))
    numbers = {name: number for number, name in enumerate(names)}
    found: dict[str, Sums] = defaultdict(lambda: Sums(len(asked.begins)))
    bands = 1 if asked.tariff is None else len(asked.tariff.bands) + 1
    at_once = max(1, min(_AT_ONCE, _STEP // (len(asked.begins) * bands)))
    for begin in range(0, len(counted), at_once):
        part = counted[begin : begin + at_once]
        rows = await fleet.sql.fetch(
            _SUMS,
            [series.id for series, _ in part],
            [numbers[series.device] * len(ROLES) + ROLES.index(role) for series, role in part],
            asked.span.since,
            asked.span.till,
            asked.grain,
            asked.coarsest,
            list(asked.begins),
            [] if asked.tariff is None else asked.tariff.week(),
            "UTC" if asked.tariff is None else asked.tariff.zone,
        )
        async for row in sliced(rows):
            device, role = divmod(row["place"], len(ROLES))
            sums = found[names[device]]
            for period, band, energy in zip(row["period"], row["band"], row["energy"], strict=True):
                sums.add(ROLES[role], band, period - 1, energy)
    return found


async def _answer(
    asked: Asked, period: Period, devices: Iterable[str], found: dict[str, Sums], *, phases: bool, returned: bool
) -> Pieces:
    total = Sums(len(asked.begins))
    pieces: list[bytes] = []
    async for name in sliced(devices):
        sums = found.get(name)
        if sums is None:
            continue  # it has no counter of energy
        for role, energies in sums.used.items():
            for number, energy in enumerate(energies):
                total._of(total.used, role)[number] += energy  # noqa: SLF001  # of the same class
        for band, energies in sums.bands.items():
            for number, energy in enumerate(energies):
                total._of(total.bands, band)[number] += energy  # noqa: SLF001
        told = {"shellyID": name, **_told(sums, asked.tariff, phases=phases, returned=returned)}
        pieces.append((b"," if pieces else b"") + orjson.dumps(told))
    head = {
        "from": seconds_of(asked.span.since),
        "to": seconds_of(asked.span.till),
        "period": period,
        "timeZone": asked.zone,
        "unit": "Wh",
        "periods": [seconds_of(at) for at in asked.begins],
        "total": {**_told(total, asked.tariff, phases=phases, returned=returned), **_by_band(total, asked.tariff)},
    }
    return Pieces([orjson.dumps(head)[:-1] + b',"devices":[', *pieces, b"]}"])


def _told(sums: Sums, tariff: Tariff | None, *, phases: bool, returned: bool) -> JSONObject:
    none = [0.0] * sums.periods
    used = sums.used.get("used", none)
    told: JSONObject = {"used": _round(sum(used)), "energy": [_round(each) for each in used]}
    if returned:
        back = sums.used.get("returned", none)
        told |= {"returned": _round(sum(back)), "returnedEnergy": [_round(each) for each in back]}
    if phases and any(phase in sums.used for phase in PHASES):
        told["phases"] = {phase: _phase(sums, phase, returned=returned) for phase in PHASES}
    if tariff is not None:
        prices = tariff.prices()
        costs = [
            sum(energies[number] * prices[band] / 1000 for band, energies in sums.bands.items())
            for number in range(sums.periods)
        ]
        told |= {"cost": _round(sum(costs)), "costs": [_round(each) for each in costs]}
    return told


def _phase(sums: Sums, phase: str, *, returned: bool) -> JSONObject:
    none = [0.0] * sums.periods
    used = sums.used.get(phase, none)  # type: ignore[call-overload]
    told: JSONObject = {"used": _round(sum(used)), "energy": [_round(each) for each in used]}
    if returned:
        back = sums.used.get(f"{phase}_returned", none)  # type: ignore[call-overload]
        told |= {"returned": _round(sum(back)), "returnedEnergy": [_round(each) for each in back]}
    return told


def _by_band(sums: Sums, tariff: Tariff | None) -> JSONObject:
    if tariff is None:
        return {}
    none = [0.0] * sums.periods
    bands = []
    for number, (name, price) in enumerate(zip(tariff.names(), tariff.prices(), strict=True)):
        energy = sums.bands.get(number, none)
        bands.append(
            {
                "name": name,
                "price": price,
                "used": _round(sum(energy)),
                "energy": [_round(each) for each in energy],
                "cost": _round(sum(energy) * price / 1000),
            }
        )
    return {"currency": tariff.currency, "tariff": tariff.name, "bands": bands}


def _round(value: float) -> float:
    """Without the noise of sums; a thousandth of a watt-hour, or of the smallest coin, is nobody's concern."""
    return round(value, 6)
