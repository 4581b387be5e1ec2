"""``params.metadata`` of device events: what plugins add to it, asked in the background and cached.

An event never waits for it: it goes out with the last known answer, at first with none.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from fleet_platform.text import encode, encode_to_keep
from plugin_sdk import DeviceId, JSONObject, Metadata

logger = logging.getLogger(__name__)

_NOTHING = encode({"groups": []})
_MAX_ASKED = 10_000


class MetadataBook:
    """Knows the metadata of each device.

    Args:
        providers: What plugins registered, with the plugin's name; as it is in force.
    """

    def __init__(self, providers: Callable[[], Sequence[tuple[str, Metadata]]]) -> None:
        self._providers = providers
        self._known: dict[DeviceId, tuple[bytes, float]] = {}
        self._asked: asyncio.Queue[DeviceId] = asyncio.Queue(maxsize=_MAX_ASKED)
        self._waiting: set[DeviceId] = set()

    def of(self, device: DeviceId) -> bytes:
        """The encoded metadata object of a device, as last known."""
        providers = self._providers()
        if not providers:
            return _NOTHING
        known = self._known.get(device)
        if known is None or known[1] < time.monotonic():
            self._ask(device)
        return known[0] if known is not None else _NOTHING

    def renew(self, devices: Sequence[str]) -> None:
        """Ask about devices anew; of all that are known, when there is an event of theirs, if none is named."""
        if not devices:
            self._known = {device: (answer, 0.0) for device, (answer, _) in self._known.items()}
        for device in devices:
            self._ask(DeviceId(device))

    def forget(self, device: DeviceId) -> None:
        """A device is gone for good."""
        self._known.pop(device, None)

    async def run(self) -> None:
        """Ask the providers, one device after the other, for ever."""
        while True:
            device = await self._asked.get()
            self._waiting.discard(device)
            await self._learn(device)

    def _ask(self, device: DeviceId) -> None:
        if device not in self._waiting and not self._asked.full():
            self._waiting.add(device)
            self._asked.put_nowait(device)

    async def _learn(self, device: DeviceId) -> None:
        found: JSONObject = {"groups": []}
        cache_s = 60.0
        for plugin, provider in self._providers():
            try:
                async with asyncio.timeout(provider.timeout_s):
                    found.update(await provider.describe(device))
            except Exception:  # a provider may be anybody's code; the event goes out without its fields
                logger.exception("metadata %s of plugin %s failed", provider.name, plugin)
            cache_s = min(cache_s, provider.cache_s)
        try:
            self._known[device] = (encode_to_keep(found), time.monotonic() + cache_s)
        except TypeError:
            logger.warning("metadata of device %s has no JSON form", device)
