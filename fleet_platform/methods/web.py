"""``Web.*``: where the platform listens, and which pages and proxies it believes.

What is set here is weaker than flags, variables and the configuration file: a setting that one of these names is
refused with the name of who decides it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fleet_platform.addresses import reachable
from fleet_platform.devices.voice import Voice
from fleet_platform.settings import PlatformSettings, kept
from fleet_platform.settings.model import Network
from plugin_sdk import JSON, JSONObject, Method
from plugin_sdk.errors import Conflict, InvalidParams, Unavailable

AT_NEXT_START = ("host", "port")


def _origin(text: str) -> str:
    scheme, found, rest = text.partition("://")
    if scheme not in ("http", "https") or not found or not rest or "/" in rest:
        message = "should be an origin such as https://panel.example, without a path"
        raise ValueError(message)
    return text


class WebSettings(BaseModel):
    """What may be set; null means what configuration or default say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Annotated[str | None, Field(min_length=1, max_length=255)] = None
    port: Annotated[int | None, Field(ge=1, le=65535)] = None
    allowed_origins: Annotated[list[Annotated[str, AfterValidator(_origin)]], Field(max_length=100)] | None = None
    trusted_proxies: Annotated[list[Network], Field(max_length=100)] | None = None


class WebMethods:
    """Handlers of ``Web.*``; lives as long as the platform.

    Args:
        settings: What the platform was started with.
        sources: Where each of them came from; defaults are absent.
        port: The port it listens on.
        apply: Puts settings in force that need no restart.
    """

    def __init__(
        self,
        *,
        settings: PlatformSettings,
        sources: Mapping[str, str],
        port: Callable[[], int],
        apply: Callable[[PlatformSettings], None],
        voice: Voice,
    ) -> None:
        self._started_with = settings
        self._sources = sources
        self._port = port
        self._apply = apply
        self._voice = voice
        self._turn = asyncio.Lock()
        self._kept: JSONObject = {}
        self._next = settings

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="Web.GetStatus", handler=self.get_status, read_only=True),
            Method(name="Web.GetConfig", handler=self.get_config, read_only=True),
            Method(name="Web.SetConfig", handler=self.set_config),
        ]

    def get_status(self) -> JSONObject:
        """Where the platform listens now: `{host, port, addresses, restart_required, fixed}`.

        `addresses` are for browsers; devices connect to the same with `ws` and the path `/shelly`. `fixed` names the
        settings that cannot be set here, with who decides them.
        """
        host, port = self._started_with.host, self._port()
        return {
            "host": host,
            "port": port,
            "addresses": reachable(host, port),
            "restart_required": self._restart_required(),
            "fixed": {name: self._told(name) for name in kept.NAMES if self._is_fixed(name)},
        }

    def get_config(self) -> JSONObject:
        """Settings as they are with the next start: `{host, port, allowed_origins, trusted_proxies}`. No secrets."""
        return self._next.model_dump(mode="json", include=set(kept.NAMES))

    async def set_config(self, config: WebSettings) -> JSONObject:
        """Change settings, durably; null takes back what was set here.

        The answer has `restart_required`: host and port count with the next start, the others at once. A setting that a
        flag, a variable or the configuration file names is refused.
        """
        changes = config.model_dump(mode="json", exclude_unset=True)
        if not changes:
            raise InvalidParams.at("config", "names at least one setting")
        for name in changes:
            if self._is_fixed(name):
                raise Conflict(f"{name} is decided by {self._told(name)}; change it there", setting=name)
        async with self._turn:
            await self._change(changes)
        self._voice.notify("web", "config_changed")
        return {"component": "web", "event": "config_changed", "restart_required": self._restart_required()}

    async def _change(self, changes: Mapping[str, JSON]) -> None:
        merged = {**await self._read(), **changes}
        wanted = {name: value for name, value in merged.items() if value is not None}
        base = self._started_with.model_dump(
            exclude={name for name in kept.NAMES if self._sources.get(name) == kept.ORIGIN}
        )
        new = PlatformSettings(**{**base, **wanted})
        if (new.host, new.port) != (self._next.host, self._next.port):
            await self._check_address(new)
        try:
            await asyncio.to_thread(kept.write, self._started_with.data, wanted)
        except OSError as error:
            raise Unavailable("the data folder cannot be written", part="data folder") from error
        self._next = new
        self._apply(new)

    async def _check_address(self, new: PlatformSettings) -> None:
        # The port we listen on cannot be tried; whether the address is one of this machine can, with any port.
        port = 0 if new.port == self._port() else new.port
        if (reason := await _why_not(new.host, port)) is not None:
            raise Conflict(f"the platform cannot listen on {new.host}:{new.port}: {reason}")

    async def _read(self) -> JSONObject:
        try:
            return await asyncio.to_thread(kept.read, self._started_with.data)
        except ValueError:
            return {}  # somebody damaged it since the start; it is written anew

    def _restart_required(self) -> bool:
        return any(getattr(self._next, name) != getattr(self._started_with, name) for name in AT_NEXT_START)

    def _is_fixed(self, name: str) -> bool:
        return self._sources.get(name) not in (None, "demo", kept.ORIGIN)

    def _told(self, name: str) -> str:
        """Who decides a setting, without telling where files are."""
        source = self._sources[name]
        return source if source.startswith(("--", "FLEET_")) else "the configuration file"


async def _why_not(host: str, port: int) -> str | None:
    """Why an address cannot be listened on; None if it can."""
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port, start_serving=False)
    except (OSError, UnicodeError) as error:
        return str(getattr(error, "strerror", None) or "there is no such address")
    server.close()
    return None
