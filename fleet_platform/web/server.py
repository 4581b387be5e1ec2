"""The HTTP server: which address leads where, and what plugins add below ``/plugin/<name>/``."""

from __future__ import annotations

import inspect
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from aiohttp import web

from fleet_platform.metrics import CONTENT_TYPE, Metrics
from fleet_platform.rpc.dispatch import Allows, unexpected
from fleet_platform.rpc.envelope import encode_error
from fleet_platform.rpc.errors import http_status
from fleet_platform.web.client_socket import ClientSocket
from fleet_platform.web.device_socket import DeviceSocket
from fleet_platform.web.http_rpc import HttpRpc
from fleet_platform.web.identity import BadCredentialError, Identity
from fleet_platform.web.pages import Pages
from fleet_platform.web.proxies import seen_through
from plugin_sdk import Principal, Route
from plugin_sdk.errors import FleetError

logger = logging.getLogger(__name__)

_quiet = logging.getLogger("fleet_platform.web.aiohttp")
# What aiohttp tells here is about requests that are no HTTP: anybody can send those, and as many as they like.
_quiet.setLevel(logging.CRITICAL)

MAX_BODY = 4 * 1024 * 1024
SHUTDOWN_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """Everything that answers requests.

    Attributes:
        routes: Routes of plugins in force, with the plugin each is of.
        is_database_up: For ``/health``.
        trusted_proxies: Whose word about the real peer counts.
    """

    devices: DeviceSocket
    clients: ClientSocket
    rpc: HttpRpc
    pages: Pages
    metrics: Metrics
    identity: Identity
    allows: Allows
    routes: Callable[[], Iterable[tuple[str, Route]]]
    is_database_up: Callable[[], bool]
    trusted_proxies: Sequence[IPv4Network | IPv6Network]
    tally: Counter[str]


class Server:
    """Routes requests.

    Attributes:
        trusted_proxies: Whose word about the real peer counts. Replaced as a whole.
    """

    def __init__(self, front: Front) -> None:
        self._front = front
        self.trusted_proxies = front.trusted_proxies
        pages = front.pages.routes()
        self._show_page = next(route.handler for route in pages if route.path == "/")
        self._pages = [route for route in pages if route.path != "/"]

    def application(self) -> web.Application:
        """The aiohttp application."""
        front = self._front
        application = web.Application(client_max_size=MAX_BODY, middlewares=[self._guard])
        application.add_routes(
            [
                *front.devices.routes(),
                web.get("/", self._root),
                web.get("/rpc", front.clients.accept),
                *front.rpc.routes(),
                web.get("/health", self._health),
                web.get("/metrics", self._metrics),
                *self._pages,
                web.route("*", "/{path:.*}", self._plugin_route),
            ]
        )
        return application

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Nothing of an unexpected exception reaches the wire."""
        try:
            seen = seen_through(request, self.trusted_proxies)
            return await handler(request.clone(**seen) if seen else request)
        except web.HTTPException:
            raise
        except ConnectionError as error:
            if request.transport is not None and not request.transport.is_closing():
                # Not the peer's connection, but one that the handler made.
                return _error(unexpected(error, f"{request.method} {request.path}"), 500)
            self._front.tally["peers_gone"] += 1
            raise
        except FleetError as error:
            return _error(error, http_status(error))
        except Exception as error:  # whatever a handler of ours or of a plugin does, the next request is served
            return _error(unexpected(error, f"{request.method} {request.path}"), 500)

    async def _root(self, request: web.Request) -> web.StreamResponse:
        """The web page for people, the websocket for programs."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._front.clients.accept(request)
        response: web.StreamResponse = await self._show_page(request)
        return response

    async def _health(self, _request: web.Request) -> web.Response:
        """``{online: true, database: "up" | "away"}``; for load balancers, so it says nothing else."""
        return web.json_response({"online": True, "database": "up" if self._front.is_database_up() else "away"})

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        """Counters in Prometheus' text format, for whoever has the permission ``metrics.get``."""
        _, refusal = await self._caller(request, "metrics.get")
        if refusal is not None:
            return refusal
        return web.Response(body=self._front.metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    async def _plugin_route(self, request: web.Request) -> web.StreamResponse:
        found = [route for plugin, route in self._front.routes() if _path(plugin, route) == request.path]
        route = next((route for route in found if route.method in ("*", request.method)), None)
        if route is None:
            if found:
                raise web.HTTPMethodNotAllowed(request.method, [route.method for route in found])
            raise web.HTTPNotFound
        caller: Principal | None = None
        if route.permission is not None:
            caller, refusal = await self._caller(request, route.permission)
            if refusal is not None:
                return refusal
        response: web.StreamResponse = await route.handler(*([request, caller] if _asks(route) else [request]))
        return response

    async def _caller(self, request: web.Request, permission: str) -> tuple[Principal | None, web.Response | None]:
        """Who calls, and an answer that refuses the request unless they have the permission."""
        try:
            principal = await self._front.identity.of(request)
        except BadCredentialError:
            principal = None
        if principal is None:
            return None, web.json_response(
                {"error": "sign in first"}, status=401, headers={"WWW-Authenticate": 'Basic realm="Fleet Platform"'}
            )
        if not self._front.allows(principal, permission, None):
            refusal = {"error": "permission denied", "permission": permission}
            return principal, web.json_response(refusal, status=403)
        return principal, None


@asynccontextmanager
async def listening(application: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve an application.

    Yields:
        The port; the one that was given, or a free one for 0.

    Raises:
        OSError: The address is taken, or not this machine's.
    """
    runner = web.AppRunner(
        application, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_TIMEOUT_S, logger=_quiet
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=4096, reuse_address=True)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def _asks(route: Route) -> bool:
    """Whether the handler wants to know who calls."""
    return len(inspect.signature(route.handler).parameters) > 1


def _path(plugin: str, route: Route) -> str:
    return route.path if route.absolute else f"/plugin/{plugin}{route.path}"


def _error(error: FleetError, status: int) -> web.Response:
    return web.Response(status=status, body=encode_error(None, error), content_type="application/json")
