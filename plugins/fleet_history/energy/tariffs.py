"""``Energy.*Tariff*``: tariffs in the plugin's own table."""

from __future__ import annotations

import json
from typing import Final

from fleet_history.energy.tariff import Bands, Currency, Price, Tariff
from fleet_history.names import Name, Zone
from fleet_history.spans import Zones
from plugin_sdk import Fleet, JSONObject, Method
from plugin_sdk.errors import Conflict, NotFound

MAX_TARIFFS: Final = 1_000

_SET = """
INSERT INTO tariff (name, currency, zone, price, bands) SELECT $1, $2, $3, $4, $5::jsonb
WHERE (SELECT count(*) FROM tariff WHERE name <> $1) < $6
ON CONFLICT (name) DO UPDATE SET currency = excluded.currency, zone = excluded.zone, price = excluded.price,
    bands = excluded.bands, updated = now()
"""
_GET = "SELECT name, currency, zone, price, bands FROM tariff"


class TariffMethods:
    """Handlers."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="Energy.SetTariff", handler=self.set),
            Method(name="Energy.GetTariff", handler=self.get, read_only=True),
            Method(name="Energy.ListTariffs", handler=self.list, read_only=True),
            Method(name="Energy.DeleteTariff", handler=self.delete),
        ]

    async def set(
        self,
        fleet: Fleet,
        name: Name,
        currency: Currency,
        price: Price,
        bands: Bands | None = None,
        time_zone: Zone = None,
    ) -> JSONObject:
        """Make a tariff, or change it as a whole; answers with it.

        `price` is what a kilowatt-hour costs outside of all `bands`: `{name, days, from, to, price}` with local times
        on quarters of an hour. A band that ends before it begins goes over midnight.
        """
        zone = await self._zones.of(time_zone, {})
        tariff = Tariff(name=name, currency=currency, zone=zone.key, price=price, bands=bands or [])
        tariff.week()
        stored = json.dumps(tariff.to_json()["bands"])
        done = await fleet.sql.execute(_SET, name, currency, zone.key, price, stored, MAX_TARIFFS)
        if done.endswith(" 0"):
            raise Conflict(f"there are {MAX_TARIFFS:,} tariffs already")
        return tariff.to_json()

    async def get(self, fleet: Fleet, name: Name) -> JSONObject:
        """A tariff: `{name, currency, timeZone, price, bands}`."""
        return (await find(fleet, name)).to_json()

    async def list(self, fleet: Fleet) -> list[JSONObject]:
        """All tariffs, by name."""
        return [_tariff(row).to_json() for row in await fleet.sql.fetch(f"{_GET} ORDER BY name")]

    async def delete(self, fleet: Fleet, name: Name) -> JSONObject:
        """Forget a tariff: `{deleted}`, false if there is none."""
        return {"deleted": (await fleet.sql.execute("DELETE FROM tariff WHERE name = $1", name)).endswith(" 1")}


async def find(fleet: Fleet, name: str) -> Tariff:
    """A tariff by its name.

    Raises:
        NotFound: There is none.
    """
    rows = await fleet.sql.fetch(f"{_GET} WHERE name = $1", name)
    if not rows:
        raise NotFound(tariff=name)
    return _tariff(rows[0])


def _tariff(row: object) -> Tariff:
    return Tariff(**{**dict(row), "bands": json.loads(row["bands"])})  # type: ignore[call-overload, index]
