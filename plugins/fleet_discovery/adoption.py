"""Having a device connect to this platform: its outbound websocket is set over its own network, and it is restarted.

Nothing here decides whether the device is let in: it arrives at the door like any other.

Source: Shelly Gen2+ API, "Outbound websocket"; aioshelly sets it the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from fleet_discovery.addresses import Place, is_any, is_loopback, local_address, resolve
from fleet_discovery.book import Book
from fleet_discovery.found import device_of
from fleet_discovery.local_device import LocalDevice, local_device
from fleet_discovery.report import Report, sentence
from fleet_discovery.server_url import is_secure, server_url, shown
from fleet_discovery.settings import DiscoverySettings
from fleet_discovery.visit import Outbound, asked, outbound_of, text
from fleet_discovery.whereabouts import arrival, known_id, may, states
from plugin_sdk import JSON, Fleet, JSONObject, Principal
from plugin_sdk.errors import Conflict, FleetError, PermissionDenied, RateLimited, Unavailable

AT_ONCE = 16
MOST_ASKED = 256
"""Devices that may be adopted, or wait for their turn."""

_RESTART_MS = 1_000
"""Enough for the answer to leave (firmware takes no less than 500)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What shall be done.

    Attributes:
        host: Address, name, or id of a device that was found.
        asker: Who wants it.
        password: Of the device; None for the one of the settings.
        url: Where it shall connect to; None for this platform.
        replace: Whether it may be taken away from another server.
    """

    host: str
    asker: Principal | None
    password: SecretStr | None = None
    url: str | None = None
    replace: bool = False


class Adoptions:
    """Adopts devices, so many at a time.

    Args:
        settings: Those in force.
    """

    def __init__(self, fleet: Fleet, book: Book, settings: Callable[[], DiscoverySettings]) -> None:
        self._fleet = fleet
        self._book = book
        self._settings = settings
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._under_way: set[str] = set()

    async def adopt(self, order: Order) -> JSONObject:
        """Adopt one device: ``{host, id, steps, outcome}``.

        Raises:
            FleetError: It could not be done; ``data`` has ``host``, ``step`` and ``steps``.
        """
        key = order.host.lower()
        if key in self._under_way:
            raise Conflict("this device is being adopted already", host=order.host)
        if len(self._under_way) >= MOST_ASKED:
            raise RateLimited(retry_after_s=10.0)
        self._under_way.add(key)
        report = Report(order.host, self._tell)
        try:
            async with self._turns:
                outcome = await self._point(order, report)
            # Whoever waits for an arrival keeps nobody from a turn.
            return report.to_json(outcome or await self._arrive(report))
        finally:
            self._under_way.discard(key)

    async def probe(self, host: str, password: SecretStr | None, asker: Principal | None) -> JSONObject:
        """Who answers at a host, and where its websocket is pointed.

        Raises:
            FleetError: It cannot be reached, is no device or none for whoever asks, or the password is wrong.
        """
        settings = self._settings()
        async with self._turns:
            place = await self._find(host, asker)
            async with local_device(place, password or settings.password) as device:
                info = await device.identify()
                self._check(asker, info["id"], "discovery.probe")
                locked = info.get("auth_en") is True and (password or settings.password) is None
                outbound = None if locked else await outbound_of(device)
            url = await self._own_url(place)
        self._book.note(info["id"], place.address, asked(info, outbound, url))
        state = (await states(self._fleet, [info["id"]]))[info["id"]]
        return {
            "host": str(place),
            "id": info["id"],
            **{key: text(info, key) for key in ("name", "model", "app", "ver")},
            "gen": info["gen"],
            "password_needed": locked,
            "ws": None if outbound is None else {**outbound.to_json(), "here": outbound.leads_to(url)},
            "state": state,
        }

    # ---- the steps --------------------------------------------------------------------------------------

    def _tell(self, params: JSONObject) -> None:
        device = params["id"] or device_of(params["host"])
        self._fleet.publish("Discovery.Adopting", params, device=known_id(self._fleet, device))

    async def _point(self, order: Order, report: Report) -> str | None:
        """Have a device connect here; returns the outcome if there is nothing to do."""
        password = order.password or self._settings().password
        with report.trying("find"):
            place = await self._find(order.host, order.asker)
            url = await self._url(order.url, place)
            report.add("find", f"it is at {place} and shall connect to {shown(url)}")
        async with local_device(place, password) as device:
            with report.trying("identify"):
                done = await self._identify(device, order, report)
            if done:
                return done
            with report.trying("read"):
                outbound = await self._read(device, order, url, report)
            with report.trying("configure"):
                restart = await self._configure(device, outbound, url, report)
            if restart:
                with report.trying("restart"):
                    await device.call("Shelly.Reboot", {"delay_ms": _RESTART_MS})
                    report.add("restart", "it restarts")
        return None

    async def _find(self, host: str, asker: Principal | None) -> Place:
        entry = self._book.get(host)
        if entry is not None and may(self._fleet, asker, entry.found.id):
            return await resolve(str(Place(entry.found.address, entry.found.port)), self._settings().allowed)
        return await resolve(host, self._settings().allowed)

    def _check(self, asker: Principal | None, device: str, permission: str) -> None:
        """What answers at an address may be a device that is not for everybody."""
        if not may(self._fleet, asker, device, permission):
            raise PermissionDenied("the device that answers there is not yours", permission=permission)

    async def _identify(self, device: LocalDevice, order: Order, report: Report) -> str | None:
        """Returns the outcome if there is nothing to do."""
        info = await device.identify()
        self._check(order.asker, info["id"], "discovery.adopt")
        name = report.id = info["id"]
        if (device_of(order.host) or name).lower() != name.lower():
            raise Conflict(f"another device answers there: {name}")
        known = [text(info, "app"), f"generation {info['gen']}", f"firmware {text(info, 'ver')}"]
        report.add("identify", f"{name}: {', '.join(filter(None, known))}")
        state = (await states(self._fleet, [name]))[name]
        if state == "denied":
            raise Conflict("an operator rejected this device; accept it in the waiting room first")
        if state in ("connected", "waiting"):
            report.add("arrive", "it is connected already" if state == "connected" else "it waits to be let in already")
            return state
        return None

    async def _read(self, device: LocalDevice, order: Order, url: str, report: Report) -> Outbound:
        outbound = await outbound_of(device)
        if outbound.leads_elsewhere(url) and not order.replace:
            raise Conflict(
                f"the device connects to {shown(outbound.server)}; with replace it is taken away from there",
                server=shown(outbound.server),
            )
        report.add("read", _told(outbound, url))
        return outbound

    async def _configure(self, device: LocalDevice, outbound: Outbound, url: str, report: Report) -> bool:
        """Returns whether the device has to be restarted."""
        secure, ssl_ca = is_secure(url), self._settings().ssl_ca
        if outbound.leads_to(url) and (not secure or outbound.ssl_ca == ssl_ca):
            status = await device.call("Sys.GetStatus")
            report.add("configure", "it is set already")
            return isinstance(status, dict) and status.get("restart_required") is True
        config: dict[str, JSON] = {"enable": True, "server": url}
        if secure:
            config["ssl_ca"] = ssl_ca
        answer = await device.call("Ws.SetConfig", {"config": config})
        report.add("configure", f"its websocket is set to {shown(url)}")
        return not isinstance(answer, dict) or answer.get("restart_required") is not False

    async def _arrive(self, report: Report) -> str:
        assert report.id is not None
        patience_s = self._settings().arrive_s
        with report.trying("arrive"):
            outcome = await arrival(self._fleet, report.id, patience_s)
        told = {
            "connected": "it is connected",
            "waiting": "it waits to be let in",
            "timeout": f"it did not arrive within {patience_s:g} s; can it reach that address?",
        }
        report.add("arrive", told[outcome], ok=outcome != "timeout")
        return outcome

    async def _own_url(self, place: Place) -> str:
        """Where a device would be told to connect to; empty if that cannot be said."""
        try:
            return await self._url(None, place)
        except Unavailable:
            return ""

    async def _url(self, wanted: str | None, place: Place) -> str:
        """Where a device shall connect to.

        Raises:
            Unavailable: The platform cannot say where the device would reach it.
        """
        public: str = wanted or self._settings().public_url
        if public:
            return public
        listens: JSONObject = await self._fleet.invoke("Web.GetStatus")
        host: str = listens["host"] if not is_any(listens["host"]) else local_address(place)
        if is_loopback(host) and not is_loopback(place.address):
            raise Unavailable(
                "the platform listens on this machine alone; the setting public_url says where devices reach it",
                part="address for devices",
            )
        return server_url(host, listens["port"])


def failed(host: str, error: FleetError) -> JSONObject:
    """One of many that could not be adopted: ``{host, id, steps, outcome: "failed", error}``."""
    shape = error.to_json()
    steps = error.data.get("steps", [])
    data = {key: value for key, value in shape.get("data", {}).items() if key != "steps"}
    told = {"code": shape["code"], "message": shape["message"], "data": {"detail": sentence(error), **data}}
    return {"host": host, "id": None, "steps": steps, "outcome": "failed", "error": told}


def _told(outbound: Outbound, url: str) -> str:
    if outbound.leads_to(url):
        return "it is pointed there already"
    if outbound.leads_elsewhere(url):
        return f"it is taken away from {shown(outbound.server)}"
    return "it connects to no server"
