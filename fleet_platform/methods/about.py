"""``FleetManager.*`` about the platform itself: its parts with their status and settings, its plugins, its version."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from fleet_platform import __version__
from fleet_platform.devices.fleet import Fleet
from fleet_platform.events.bus import Bus
from fleet_platform.host import Host
from fleet_platform.methods.device import SEE
from fleet_platform.methods.shapes import ByComponent
from fleet_platform.methods.slices import in_slices
from fleet_platform.rpc.calls import caller
from fleet_platform.rpc.dispatch import Allows, Dispatcher
from plugin_sdk import JSON, AuthProvider, Call, JSONObject, Method, Principal
from plugin_sdk.errors import CallTimeout, FleetError, InvalidParams, PermissionDenied

PART_TIMEOUT_S = 5.0
"""How long one part may take to tell its status."""

_OWN = ("fleetmanager", "device", "entity")
"""Nouns that are told of here; what their own methods answer is about single devices, or long."""


class AboutMethods:
    """Handlers of ``FleetManager.GetStatus``, ``GetConfig``, ``GetVariables``, ``ListCommands`` and ``ListPlugins``.

    Args:
        host: All plugins.
        providers: Auth providers in force.
    """

    def __init__(
        self,
        *,
        dispatcher: Dispatcher,
        host: Host,
        fleet: Fleet,
        bus: Bus,
        allows: Allows,
        providers: Callable[[], Iterable[AuthProvider]],
    ) -> None:
        self._dispatcher = dispatcher
        self._host = host
        self._fleet = fleet
        self._bus = bus
        self._allows = allows
        self._providers = providers
        self._started = time.time()

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="FleetManager.ListCommands", handler=self.list_commands, read_only=True),
            Method(name="FleetManager.ListPlugins", handler=self.list_plugins, read_only=True),
            Method(name="FleetManager.GetStatus", handler=self.get_status, read_only=True),
            Method(name="FleetManager.GetConfig", handler=self.get_config, read_only=True),
            Method(name="FleetManager.GetVariables", handler=self.get_variables, read_only=True, anonymous=True),
        ]

    def list_commands(self) -> list[str]:
        """Names of all components that have methods, in lower case."""
        return sorted({name.partition(".")[0] for name in self._dispatcher.methods})

    def list_plugins(self) -> dict[str, JSONObject]:
        """All plugins: an object by name of `{info: {name, version, description}, config: {name, enable}}`."""
        return {
            name: {
                "info": {"name": name, "version": record.version, "description": self._host.summary(name)},
                "config": {"name": name, "enable": self._host.settings.is_enabled(name)},
            }
            for name, record in sorted(self._host.records.items())
        }

    async def get_status(self, call: Call) -> ByComponent:
        """Status of the platform and of each of its parts that has one: an object by component.

        A part is told of if the caller may call its own `GetStatus`; one that fails has `{error}`.
        """
        seen = online = entities = 0
        async for twin in in_slices(self._fleet):
            if self._allows(caller(call), SEE, twin.id):
                seen += 1
                online += twin.link is not None
                entities += len(twin.entities)
        return {
            "fleetmanager": {
                "version": __version__,
                "uptime_s": round(time.time() - self._started),
                "epoch": self._bus.epoch,
                "seq": self._bus.seq,
                "subscribers": self._bus.clients,
            },
            "device": {"devices_size": seen, "online": online},
            "entity": {"entities_count": entities},
            **await self._of_parts("getstatus", call),
        }

    async def get_config(self, call: Call) -> ByComponent:
        """Settings of each part that has some, without secrets: an object by component.

        A part is told of if the caller may call its own `GetConfig`; one that fails has `{error}`.
        """
        return await self._of_parts("getconfig", call)

    def get_variables(self, call: Call) -> JSONObject:
        """What a login page must know, `{login-strategy}`; who is signed in also gets `version`."""
        by_password = any(provider.verify_password is not None for provider in self._providers())
        strategy = "backend-jwt" if by_password else "zitadel-introspection"
        return {"login-strategy": strategy, **({} if call.principal is None else {"version": __version__})}

    async def _of_parts(self, verb: str, call: Call) -> JSONObject:
        """What each noun answers to a method that needs no parameters, as far as the caller may call it."""
        nouns = [noun for noun in self.list_commands() if noun not in _OWN and self._can(noun, verb, caller(call))]
        answers = await asyncio.gather(*(self._ask(f"{noun}.{verb}", call) for noun in nouns))
        return {noun: answer for noun, answer in zip(nouns, answers, strict=True) if answer}

    def _can(self, noun: str, verb: str, principal: Principal) -> bool:
        bound = self._dispatcher.methods.get(f"{noun}.{verb}")
        if bound is None or any(field.is_required() for field in bound.params.model_fields.values()):
            return False
        return self._allows(principal, bound.permission, None)

    async def _ask(self, method: str, call: Call) -> JSON:
        try:
            async with asyncio.timeout(PART_TIMEOUT_S):
                return await self._dispatcher.invoke(method, {}, call=call)
        except (InvalidParams, PermissionDenied):
            return None  # it is about single things, or stricter than its permission
        except TimeoutError:
            return {"error": CallTimeout.message}
        except FleetError as error:
            return {"error": error.message}
