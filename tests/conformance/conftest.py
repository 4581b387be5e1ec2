"""The predecessor's client, word for word: a raw websocket and raw HTTP against a real platform with simulated devices.

Its habits: numbers as ids, ``src`` FLEET_MANAGER_UI, ``dst`` FLEET_MANAGER, the token as sub-protocol.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from .shapes import check

if TYPE_CHECKING:
    from fleet_platform.testing.platform import TestedFleet

UI = "FLEET_MANAGER_UI"
PLATFORM = "FLEET_MANAGER"
PATIENCE_S = 20.0


class OldClient:
    """One websocket of the predecessor's client.

    Attributes:
        events: Frames that came and are no replies, oldest first; taken by :meth:`event`.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self._ids = itertools.count(1)

    async def send(self, frame: Any) -> None:
        """Send a frame as it is."""
        await (self.socket.send_str(frame) if isinstance(frame, str) else self.socket.send_json(frame))

    async def frame(self) -> dict[str, Any]:
        """The next frame, whatever it is."""
        return dict(await self.socket.receive_json(timeout=PATIENCE_S))

    async def reply(self) -> dict[str, Any]:
        """The next frame that is a reply."""
        while True:
            frame = await self.frame()
            if "method" not in frame:
                return frame
            self.events.append(frame)

    async def ask(self, method: str, params: Any = None, *, dst: Any = PLATFORM) -> dict[str, Any]:
        """Call a method; returns the whole reply."""
        number = next(self._ids)
        request = {"jsonrpc": "2.0", "id": number, "src": UI, "dst": dst, "method": method}
        await self.send(request if params is None else {**request, "params": params})
        reply = await self.reply()
        assert (reply["jsonrpc"], reply["id"], reply["dst"]) == ("2.0", number, UI)
        return reply

    async def call(self, method: str, params: Any = None, *, dst: Any = PLATFORM, shape: Any = object) -> Any:
        """Call a method that succeeds; returns its result, which has the shape."""
        reply = await self.ask(method, params, dst=dst)
        assert "result" in reply, reply
        return check(reply["result"], shape)

    async def refused(self, method: str, params: Any = None, *, dst: Any = PLATFORM) -> dict[str, Any]:
        """Call a method that fails; returns its error."""
        reply = await self.ask(method, params, dst=dst)
        assert "error" in reply, reply
        return dict(check(reply["error"], {"code": int, "message": str, "data?": object}))

    async def event(self, name: str) -> dict[str, Any]:
        """``params`` of the next event of a name; others before it are dropped."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = self.events.pop(0) if self.events else await self.frame()
                if frame.get("method") == name:
                    return dict(frame["params"])

    async def subscribe(self, *events: str, **options: Any) -> list[int]:
        """Subscribe as the predecessor's client does; returns the ids."""
        params = {"events": list(events), **({"options": options} if options else {})}
        answer = await self.call("FleetManager.Subscribe", params)
        return list(answer["ids"])


@pytest.fixture
async def http(fleet: TestedFleet) -> AsyncIterator[aiohttp.ClientSession]:
    """Plain HTTP, signed in."""
    async with aiohttp.ClientSession(fleet.url, headers={"Authorization": f"Bearer {fleet.token}"}) as session:
        yield session


@pytest.fixture
async def ui(fleet: TestedFleet, http: aiohttp.ClientSession) -> AsyncIterator[OldClient]:
    """The client's websocket."""
    async with http.ws_connect("/", headers={}, protocols=(fleet.token,)) as socket:
        yield OldClient(socket)
