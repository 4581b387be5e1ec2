"""What the plugin contributes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from fleet_compat.switch import BadQueryError, order_of
from plugin_sdk import Device, Fleet, Principal, Route, hookimpl
from plugin_sdk.errors import Unavailable


class Compat:
    """The plugin ``compat``."""

    def __init__(self) -> None:
        self._fleet: Fleet | None = None

    @hookimpl
    def fleet_register_routes(self) -> list[Route]:
        """The predecessor's addresses, as they were."""
        return [
            Route(path="/api/variables", handler=self._variables, absolute=True),
            Route(path="/api/switch", handler=self._switch, permission="api:/switch", absolute=True),
        ]

    @hookimpl
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Fleet) -> AsyncIterator[None]:
        """Devices can be switched while this is entered."""
        self._fleet = fleet
        try:
            yield
        finally:
            self._fleet = None

    async def _variables(self, _request: web.Request) -> web.Response:
        """``{login-strategy}``: clients sign in with a name and a password, and get a token."""
        return web.json_response({"login-strategy": "backend-jwt"})

    async def _switch(self, request: web.Request, principal: Principal | None) -> web.Response:
        """Switch an output as the caller may: ``{msg}`` when the device has done it."""
        fleet = self._fleet
        if fleet is None or principal is None:
            raise Unavailable(part="compat")

        def find(name: str) -> Device | None:
            device = fleet.devices.get(name)
            return device if device is not None and fleet.allows(principal, "device.get", device.id) else None

        try:
            order = order_of(request.query, find)
        except BadQueryError as error:
            return web.json_response({"error": str(error)}, status=400)
        await fleet.call(order.device, order.method, order.params, on_behalf_of=principal)
        return web.json_response({"msg": "command queued"})
