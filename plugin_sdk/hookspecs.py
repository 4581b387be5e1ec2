"""The hooks: every way to add something to the platform.

All hooks are optional and synchronous. Each is called once per load of the plugin, on its own (one plugin's
exception quarantines that plugin and nobody else), in the order of this file, after settings were read and
before any socket opens. What they return is compiled into tables; no hook is called per message.

An entry point of the group ``fleet_platform.plugins`` names a class (one instance is made per platform; hooks
and handlers are its methods) or a module.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import pluggy

from plugin_sdk.components import ComponentType
from plugin_sdk.contributions import (
    AdmissionRule,
    AuthProvider,
    Command,
    EventType,
    HookSpecs,
    Metadata,
    Method,
    Migrations,
    Panel,
    Policy,
    Route,
    Service,
    Settings,
    Sink,
)

if TYPE_CHECKING:
    from plugin_sdk.fleet import Fleet

hookspec = pluggy.HookspecMarker("fleet")
hookimpl = pluggy.HookimplMarker("fleet")


# ---- offered to other plugins ---------------------------------------------------------------------------


@hookspec
def fleet_register_hookspecs() -> Iterable[HookSpecs]:  # type: ignore[empty-body]  # a specification has no body
    """Offer hooks to other plugins.

    Called before all other hooks of any plugin, so that an implementation is known however plugins are ordered.
    Implementations elsewhere are marked ``@hookimpl(optionalhook=True)``. Added in 0.1.
    """


# ---- contribute -----------------------------------------------------------------------------------------


@hookspec
def fleet_register_settings() -> Settings:  # type: ignore[empty-body]
    """Declare the plugin's settings.

    Gives ``plugin:<name>.GetConfig`` and ``SetConfig``. At most one per plugin. Added in 0.1.
    """


@hookspec
def fleet_register_migrations() -> Migrations:  # type: ignore[empty-body]
    """Declare the SQL files that build the plugin's schema.

    They run before ``fleet_lifespan`` is entered, again whenever the database returns with files missing. A file
    that fails marks the plugin ``failed``. Added in 0.1.
    """


@hookspec
def fleet_register_components() -> Iterable[ComponentType]:  # type: ignore[empty-body]
    """Contribute types of device components.

    A type already taken quarantines the later plugin (plugins load in the order of their names). Added in 0.1.
    """


@hookspec
def fleet_register_methods() -> Iterable[Method]:  # type: ignore[empty-body]
    """Contribute JSON-RPC methods.

    A name already taken quarantines the later plugin. Handlers are bound once: their signature becomes the
    check of ``params`` and the documentation. Added in 0.1.

    Example:
        >>> from plugin_sdk import Method, hookimpl
        >>> class Hello:
        ...     @hookimpl
        ...     def fleet_register_methods(self):
        ...         return [Method(name="Hello.Say", handler=self.say, read_only=True)]
        ...
        ...     def say(self, name: str = "world") -> str:
        ...         return f"Hello {name}"
        >>> [method.name for method in Hello().fleet_register_methods()]
        ['Hello.Say']
    """


@hookspec
def fleet_register_events() -> Iterable[EventType]:  # type: ignore[empty-body]
    """Declare events that the plugin publishes.

    They are listed where clients look for events, and a name already taken quarantines the later plugin. Added in 0.1.
    """


@hookspec
def fleet_register_sinks() -> Iterable[Sink]:  # type: ignore[empty-body]
    """Contribute event sinks. Each runs in a supervised task of its own. Added in 0.1."""


@hookspec
def fleet_register_panels() -> Iterable[Panel]:  # type: ignore[empty-body]
    """Contribute parts of the web interface. Added in 0.1."""


@hookspec
def fleet_register_routes() -> Iterable[Route]:  # type: ignore[empty-body]
    """Contribute HTTP and websocket routes.

    An absolute path that is reserved or taken quarantines the plugin. Added in 0.1.
    """


@hookspec
def fleet_register_auth() -> Iterable[AuthProvider]:  # type: ignore[empty-body]
    """Contribute ways to know who is calling. Added in 0.1."""


@hookspec
def fleet_register_policies() -> Iterable[Policy]:  # type: ignore[empty-body]
    """Contribute rules about who may do what. Without any policy nobody may do anything. Added in 0.1."""


@hookspec
def fleet_register_admission() -> Iterable[AdmissionRule]:  # type: ignore[empty-body]
    """Contribute rules about which devices are let in. Without any rule every device waits. Added in 0.1."""


@hookspec
def fleet_register_metadata() -> Iterable[Metadata]:  # type: ignore[empty-body]
    """Contribute fields of ``params.metadata`` in device events. Added in 0.1."""


@hookspec
def fleet_register_services() -> Iterable[Service]:  # type: ignore[empty-body]
    """Contribute implementations of the platform's interfaces. Added in 0.1."""


@hookspec
def fleet_register_commands() -> Iterable[Command]:  # type: ignore[empty-body]
    """Contribute sub-commands of ``fleet-platform``.

    Called by the command line alone, without a running platform. Added in 0.1.
    """


# ---- live -----------------------------------------------------------------------------------------------


@hookspec
def fleet_lifespan(fleet: Fleet) -> AbstractAsyncContextManager[None]:  # type: ignore[empty-body]
    """Own what lives: connections, tasks, caches.

    An async context manager, entered by the supervisor after the plugin's contributions are in force. The part
    after ``yield`` runs if and only if the part before succeeded. It must start within 30 s and stop within 5 s;
    an exception or a time-out is shown as the plugin's state and tried again with back-off. Added in 0.1.
    """
