"""``/shelly``: where devices connect."""

from __future__ import annotations

import hmac
import logging
from collections import Counter

from aiohttp import web

from fleet_platform.devices.session import DeviceServices, DeviceSession
from fleet_platform.web.sockets import AcceptedSocket, Pinger, forget_cause

logger = logging.getLogger(__name__)


class DeviceSocket:
    """Accepts devices.

    Args:
        run_token: The token of this run, for the platform's own simulated devices; None if there are none.
        max_frame: Largest frame in bytes; a larger one closes 1009.
    """

    def __init__(
        self, *, services: DeviceServices, pinger: Pinger, run_token: str | None, max_frame: int, tally: Counter[str]
    ) -> None:
        self._services = services
        self._pinger = pinger
        self._run_token = run_token
        self._max_frame = max_frame
        self._tally = tally

    def routes(self) -> list[web.RouteDef]:
        """``/shelly``, ``/shelly/<token>`` and ``/shelly?token=``."""
        return [web.get("/shelly", self.accept), web.get("/shelly/{token}", self.accept)]

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Serve one device until its connection ends."""
        ws = web.WebSocketResponse(
            protocols=("json-rpc",), compress=False, autoping=False, max_msg_size=self._max_frame, timeout=2.0
        )
        if not ws.can_prepare(request):
            return web.json_response({"error": "devices connect here by websocket"}, status=426)
        token = request.match_info.get("token") or request.query.get("token")
        await ws.prepare(request)
        socket = AcceptedSocket(request, ws, self._tally)
        session = DeviceSession(
            socket,
            self._services,
            token=token,
            run_token=self._is_run_token(token),
            remote=request.remote,
        )
        self._pinger.add(socket)
        try:
            await session.run()
        except* ConnectionError:
            self._tally["device_connections_lost"] += 1
        except* Exception as errors:  # one device's trouble must not reach the server's own machinery
            self._tally["device_sessions_failed"] += 1
            logger.exception("a device session failed", exc_info=errors)
            socket.abort()
        finally:
            self._pinger.remove(socket)
            forget_cause(ws)
        return ws

    def _is_run_token(self, token: str | None) -> bool:
        if not token or not self._run_token:
            return False
        # As bytes, for a stranger's token may hold any character.
        return hmac.compare_digest(token.encode(), self._run_token.encode())
