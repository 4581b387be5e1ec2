"""The signed-in client that tests get."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fleet_platform.client import Client, RpcError, Subscription, Token
from plugin_sdk import JSON


class Rpc:
    """``await rpc("Method.Name", {…})``.

    Attributes:
        Error: What an error answer is raised as.
    """

    Error = RpcError

    def __init__(self, client: Client) -> None:
        self._client = client

    async def __call__(
        self,
        method: str,
        params: Mapping[str, JSON] | None = None,
        *,
        dst: str | None = None,
        timeout_s: float | None = None,
    ) -> JSON:
        """Call a method and return its result.

        Args:
            dst: A device's id; None for the platform.
        """
        return await self._client.call(method, params, dst=dst, timeout_s=timeout_s)

    def events(self, *names: str, **options: JSON) -> Subscription:
        """Events from now on; each has ``method`` and ``params``.

        Args:
            options: As in ``FleetManager.Subscribe``.
        """
        return self._client.subscribe(names, **options)


@asynccontextmanager
async def open_client(url: str, token: str) -> AsyncIterator[Rpc]:
    """A client that is connected as long as the context."""
    async with Client(url, Token(access=token)) as client:
        yield Rpc(client)
