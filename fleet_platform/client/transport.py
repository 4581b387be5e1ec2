"""Making connections to one platform: addresses, credentials, renewal of a token that has expired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import aiohttp
import orjson

from fleet_platform.client.credentials import Credentials, Token, post, renew
from fleet_platform.client.errors import NotSignedIn, Unreachable, unreachable

CONNECT_TIMEOUT_S = 15.0
CLOSE_TIMEOUT_S = 2.0
HEARTBEAT_S = 30.0
MAX_FRAME_BYTES = 256 * 1024 * 1024
"""A list of ten thousand devices is about 50 MiB."""


class Transport:
    """Opens websockets and sends requests. Does not own the HTTP session.

    Args:
        url: Base address: ``http://127.0.0.1:7011``, with a path if the platform stands behind one.
        renewed: Called with the new token after each renewal, for whoever keeps it.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        credentials: Credentials | None,
        *,
        renewed: Callable[[Token], None] | None = None,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._credentials = credentials
        self._renewed = renewed

    async def open_socket(self) -> aiohttp.ClientWebSocketResponse:
        """A new websocket, signed in.

        Raises:
            NotSignedIn: The credentials are not accepted, and could not be renewed.
            Unreachable: No connection for another reason.
        """
        try:
            return await self._connect()
        except NotSignedIn:
            await self._renew()
            return await self._connect()

    async def post(self, body: Any) -> Any:
        """``POST /rpc`` without a deadline; raises as :func:`fleet_platform.client.credentials.post`."""
        try:
            return await self._post(body)
        except NotSignedIn:
            await self._renew()
            return await self._post(body)

    async def _post(self, body: Any) -> Any:
        headers = self._credentials.headers if self._credentials else None
        return await post(self._session, f"{self._url}/rpc", body, headers=headers, timeout_s=None)

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        protocols = self._credentials.protocols if self._credentials else ()
        headers = self._credentials.headers if self._credentials and not protocols else None
        try:
            return await self._session.ws_connect(
                f"{self._url}/rpc",
                protocols=protocols,
                headers=headers,
                heartbeat=HEARTBEAT_S,
                max_msg_size=MAX_FRAME_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
            )
        except aiohttp.WSServerHandshakeError as error:
            if error.status == 401:
                raise NotSignedIn(f"{self._url} does not accept the credentials") from error
            raise Unreachable(f"{self._url} answered {error.status} instead of opening a websocket") from error
        except (aiohttp.ClientError, OSError) as error:
            raise unreachable(self._url, error) from error

    async def _renew(self) -> None:
        if self._credentials is None:
            raise NotSignedIn(f"{self._url} needs a sign-in, and there is none")
        if not isinstance(self._credentials, Token):
            raise NotSignedIn(f"{self._url} does not accept the name with that password")
        self._credentials = await renew(self._session, self._url, self._credentials)
        if self._renewed is not None:
            self._renewed(self._credentials)


def decode_frame(message: aiohttp.WSMessage) -> dict[str, Any] | None:
    """The JSON object of a frame; None if the connection has ended, or talks nonsense and may as well have."""
    if message.type is not aiohttp.WSMsgType.TEXT:
        return None
    try:
        frame = orjson.loads(message.data)
    except orjson.JSONDecodeError:
        return None
    return frame if isinstance(frame, dict) else None


def open_session() -> aiohttp.ClientSession:
    """An HTTP session with deadlines for everything that connects."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_TIMEOUT_S))


def pauses(first_s: float = 0.5, longest_s: float = 30.0, random: Random | None = None) -> Iterator[float]:
    """Seconds to wait before each further attempt: doubling, capped, and jittered so that clients spread out."""
    random = random or Random()  # noqa: S311  # nothing secret about a pause
    pause_s = first_s
    while True:
        yield pause_s * random.uniform(0.5, 1.0)
        pause_s = min(2 * pause_s, longest_s)
