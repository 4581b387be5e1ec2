"""Outgoing HTTP of one plugin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from fleet_platform.text import decode, encode
from plugin_sdk import JSON
from plugin_sdk.errors import Unavailable

_PIECE = 64 * 1024


@dataclass(slots=True, kw_only=True)
class Response:
    """Satisfies ``plugin_sdk.HttpResponse``; headers are looked up without case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> JSON:
        """The body, decoded."""
        return decode(self.body)


class Outgoing:
    """Satisfies ``plugin_sdk.HttpClient``. Its connections are opened when they are first needed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        json: JSON = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
        max_bytes: int = 4 * 1024 * 1024,
    ) -> Response:
        """Make one request.

        Raises:
            Unavailable: No answer in time, no connection, or a body over ``max_bytes``.
        """
        sent = dict(headers or {})
        if json is not None:
            data = encode(json)
            sent.setdefault("Content-Type", "application/json")
        if self._session is None:
            self._session = aiohttp.ClientSession()
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._session.request(method, url, data=data, headers=sent, timeout=timeout) as answer:
                body = await _read(answer, max_bytes)
        except TimeoutError as error:
            raise Unavailable(f"no answer within {timeout_s:g} s", part="http") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unavailable(f"the request failed: {type(error).__name__}", part="http") from error
        return Response(status=answer.status, headers=answer.headers, body=body)

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


async def _read(answer: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    pieces, size = [], 0
    async for piece in answer.content.iter_chunked(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > max_bytes:
            raise Unavailable(f"the body is larger than {max_bytes} bytes", part="http")
    return b"".join(pieces)
