"""``/`` and ``/rpc``: where clients connect by websocket."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass

from aiohttp import WSCloseCode, web

from fleet_platform.events.bus import Bus
from fleet_platform.events.outbox import Outbox
from fleet_platform.rpc.destinations import Destinations
from fleet_platform.rpc.dispatch import Dispatcher
from fleet_platform.rpc.errors import http_status, retry_after
from fleet_platform.rpc.relay import Relay
from fleet_platform.rpc.session import ClientSession
from fleet_platform.web.identity import BadCredentialError, Identity, offered_protocols
from fleet_platform.web.sockets import AcceptedSocket, Pinger, forget_cause
from plugin_sdk import Principal
from plugin_sdk.errors import FleetError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLimits:
    """Bounds of one client.

    Attributes:
        max_frame: Largest frame in bytes; a larger one closes 1009.
        max_events: Events that may wait after conflation.
        max_bytes: Bytes of events that may wait after conflation.
    """

    max_frame: int = 4 * 1024 * 1024
    max_events: int = 10_000
    max_bytes: int = 16 * 1024 * 1024


class ClientSocket:
    """Accepts clients."""

    def __init__(
        self,
        *,
        identity: Identity,
        bus: Bus,
        dispatcher: Dispatcher,
        relay: Relay,
        destinations: Destinations,
        pinger: Pinger,
        limits: ClientLimits,
        tally: Counter[str],
    ) -> None:
        self._identity = identity
        self._bus = bus
        self._dispatcher = dispatcher
        self._relay = relay
        self._destinations = destinations
        self._pinger = pinger
        self._limits = limits
        self._tally = tally
        self._sessions: dict[ClientSession, Principal] = {}
        self._changes = 0

    def part_with(self, name: str, provider: str) -> None:
        """Close the connections of somebody who changed; whoever comes back is looked at anew.

        So are those who are being let in now, as they may have been looked up before the change.
        """
        self._changes += 1
        for session, principal in self._sessions.items():
            if (principal.name, principal.provider) == (name, provider):
                session.part("sign in anew")

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Serve one client until its connection ends. A bad token is refused before the upgrade, with 401."""
        changes = self._changes
        try:
            principal = await self._identity.of(request)
        except BadCredentialError:
            principal = None
        except FleetError as error:
            return web.json_response({"error": error.to_json()}, status=http_status(error), headers=retry_after(error))
        if principal is None:
            self._tally["clients_refused"] += 1
            return web.json_response({"error": "sign in first"}, status=401, headers={"WWW-Authenticate": "Bearer"})
        ws = web.WebSocketResponse(
            protocols=tuple(offered_protocols(request)[-1:]),
            compress=False,
            autoping=False,
            max_msg_size=self._limits.max_frame,
            timeout=2.0,
        )
        await ws.prepare(request)
        socket = AcceptedSocket(request, ws, self._tally)
        if changes != self._changes:
            await socket.close(WSCloseCode.TRY_AGAIN_LATER, "sign in anew")
            return ws
        outbox = Outbox(
            write=socket.write,
            buffered=socket.buffered,
            overflow=lambda: session.cut_off("events are read too slowly"),
            max_events=self._limits.max_events,
            max_bytes=self._limits.max_bytes,
        )
        session = ClientSession(
            principal=principal,
            remote=request.remote,
            receive=socket.receive,
            close=socket.close,
            outbox=outbox,
            dispatcher=self._dispatcher,
            relay=self._relay,
            destinations=self._destinations,
            tally=self._tally,
        )
        self._pinger.add(socket)
        self._tally["clients_connected"] += 1
        self._sessions[session] = principal
        try:
            await session.run()
        except* TimeoutError:
            await socket.close(WSCloseCode.TRY_AGAIN_LATER, "replies are not read")
        except* ConnectionError:
            self._tally["client_connections_lost"] += 1
        except* Exception as errors:  # one client's trouble must not reach the server's own machinery
            self._tally["client_sessions_failed"] += 1
            logger.exception("a client session failed", exc_info=errors)
            socket.abort()
        finally:
            del self._sessions[session]
            self._pinger.remove(socket)
            self._bus.leave(outbox)
            outbox.close()
            forget_cause(ws)
        return ws
