"""What hooks return: frozen declarations that the platform compiles into tables when plugins are loaded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import BaseModel

from plugin_sdk.values import JSON, Candidate, DeviceId, Event, Principal, Verdict

if TYPE_CHECKING:
    from plugin_sdk.fleet import Fleet

Decision: TypeAlias = Literal["allow", "deny"] | None
"""What a policy says; None means it has no opinion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A JSON-RPC method.

    The handler's parameters become the method's ``params``, checked by pydantic from their annotations; unknown
    ones are refused. A field whose wire name is no Python name takes an alias:
    ``shelly_id: Annotated[str, Field(alias="shellyID")]``. A parameter annotated :class:`plugin_sdk.Call` or
    :class:`plugin_sdk.Fleet` is injected and never part of ``params``.

    Attributes:
        name: ``Noun.Verb``, matched without case: ``Greetings.SayHello``.
        handler: ``def`` or ``async def``; what it returns is the result, a pydantic model or JSON. Or a
            :class:`SqlFunction`.
        permission: What the caller must be allowed; default is the name in lower case.
        read_only: May be called by HTTP ``GET``; changes nothing.
        anonymous: Anybody may call it, over HTTP only.
        timeout_s: Deadline of one call in seconds.
        summary: One sentence for people; default is the first line of the handler's docstring.
        aliases: Further names, kept for older clients.
    """

    name: str
    handler: Callable[..., Any]
    permission: str | None = None
    read_only: bool = False
    anonymous: bool = False
    timeout_s: float = 30.0
    summary: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SqlFunction:
    """A function of the database as the handler of a :class:`Method`.

    Its arguments become the method's ``params`` and its comment the description, both as the database has them; what
    it returns is the result. It runs in a transaction with the plugin's schema first in the search path, which is
    read-only if the method is. An error it raises with ``RAISE EXCEPTION`` is answered as *Invalid params*, about the
    argument that ``USING COLUMN`` names.

    Attributes:
        name: ``schema.function``, or ``function`` in the plugin's own schema. Of several with one name the one that is
            meant, as in ``fn_find(integer)``.
    """

    name: str

    def __call__(self, *_arguments: object) -> Any:
        """Never called: the platform calls the function itself."""
        raise TypeError(f"the function {self.name} is in the database")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """An event that the plugin publishes, for those who subscribe to it.

    A plugin may publish what it declares, whatever its name, and anything called after itself.

    Attributes:
        name: ``Noun.Happened``, as clients subscribe to it: ``Shelly.KVS``.
        summary: One sentence: when it is published.
        params: Member of ``params`` to what it holds, as Markdown: ``{"shellyID": "the device"}``.
        device: It is about one device: only who may see that device gets it, and ``metadata`` is added where its
            noun is ``Shelly``.
        permission: What else a subscriber must be allowed, such as the method that tells the same: ``user.list``.
    """

    name: str
    summary: str
    params: Mapping[str, str] = field(default_factory=dict)
    device: bool = False
    permission: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """Something that events flow into: a broker, a file, another system.

    Each sink has its own bounded queue and its own supervised task; a slow or broken one delays nobody.

    Attributes:
        name: Unique within the plugin.
        write: Takes one batch, oldest first. An exception counts as failure of the whole batch; it is tried
            again with back-off, ``attempts`` times, then dropped and counted.
        events: Names of the events it wants; ``*`` at the end of a name matches any rest (``Shelly.*``).
        batch_size: At most so many events a batch.
        batch_age_s: A batch leaves when its oldest event is so old, however few there are.
        queue_size: How many events may wait.
        overflow: What happens when they are more: ``drop_oldest`` or ``drop_newest``; both are counted.
        timeout_s: Deadline of one ``write``; beyond it the batch has failed.
        attempts: How often a batch is tried in all.
    """

    name: str
    write: Callable[[Sequence[Event]], Awaitable[None]]
    events: tuple[str, ...] = ("*",)
    batch_size: int = 500
    batch_age_s: float = 1.0
    queue_size: int = 10_000
    overflow: Literal["drop_oldest", "drop_newest"] = "drop_oldest"
    timeout_s: float = 30.0
    attempts: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A part of the web interface.

    The ES module is served from the plugin's ``panel`` folder and must define the custom element ``element``.
    The element gets the property ``fleet`` (the page's connection: ``call``, ``subscribe``) and, in a device
    tab, ``device`` (the device's id).

    Attributes:
        name: Unique within the plugin; part of the page's address.
        kind: ``page`` (own entry in the navigation), ``device_tab``, ``widget`` or ``settings``.
        title: For people.
        module: File below ``panel/``: ``devices.js``.
        element: Custom element it defines: ``fleet-devices``.
        icon: Name of an icon of the shell, or a file below ``panel/`` that ends in ``.svg``.
        order: Place among its kind; lower comes first.
        permission: What a user must be allowed to see it; None for any signed-in user.
        components: Of a device tab: only devices that have a component of one of these types show it; all do if
            none is named.
    """

    name: str
    kind: Literal["page", "device_tab", "widget", "settings"]
    title: str
    module: str
    element: str
    icon: str = "puzzle"
    order: int = 100
    permission: str | None = None
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An HTTP or websocket route.

    Attributes:
        path: Below ``/plugin/<name>``, starting with a slash; with ``absolute`` anywhere not reserved.
        handler: Takes an ``aiohttp.web.Request`` and returns a response. With a second parameter it also gets the
            principal who calls, which is None where no permission is asked for.
        method: HTTP method; ``GET`` for websockets.
        permission: What the caller must be allowed; None means that anybody may call it.
        absolute: The path is taken as it is.
    """

    path: str
    handler: Callable[..., Awaitable[Any]]
    method: str = "GET"
    permission: str | None = None
    absolute: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthProvider:
    """Knows users.

    Attributes:
        name: Unique; part of every principal it vouches for.
        verify_password: Returns the principal if name and password fit, else None. Must take as long for an
            unknown name as for a wrong password. None if the provider knows no passwords.
        find: Returns the principal of a name that is known and enabled, else None; asked whenever a token that
            the platform signed is presented, so that a disabled user loses access at once.
        verify_token: Returns the principal of a bearer token that the platform did not sign itself, or None.
    """

    name: str
    verify_password: Callable[[str, str], Awaitable[Principal | None]] | None = None
    find: Callable[[str], Awaitable[Principal | None]] | None = None
    verify_token: Callable[[str], Awaitable[Principal | None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Decides what principals may do.

    All policies are asked; one ``deny`` wins, else one ``allow`` suffices, else the answer is no.

    Attributes:
        name: Unique within the plugin; shown where a decision is explained.
        decide: ``(principal, permission, device) -> "allow" | "deny" | None``. Pure and fast: it is called per
            request. ``permission`` is lower case (``device.list``, ``switch.set``); ``device`` is None where the
            question is about no single device. An exception counts as ``deny``.
    """

    name: str
    decide: Callable[[Principal, str, DeviceId | None], Decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionRule:
    """Decides whether a device is let in.

    All rules are asked; ``refuse`` beats ``wait``, ``wait`` beats ``admit``, and no opinion at all means ``wait``.
    A device that an operator denied never reaches a rule.

    Attributes:
        name: Unique within the plugin; shown with the reason.
        decide: Returns a verdict, or None for no opinion. An exception or a time-out closes the device's
            socket with 1013, so that it tries again; nothing is sent to it.
        timeout_s: Deadline in seconds.
    """

    name: str
    decide: Callable[[Candidate], Awaitable[Verdict | None]]
    timeout_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Adds fields to ``params.metadata`` of device events.

    Attributes:
        name: Unique within the plugin.
        describe: Returns the fields for one device. Its answer is cached for ``cache_s``; while it is asked,
            events go out with the last known answer (at first: nothing), never later.
        cache_s: How long an answer is good, in seconds.
        timeout_s: Deadline of one question, in seconds.
    """

    name: str
    describe: Callable[[DeviceId], Awaitable[Mapping[str, JSON]]]
    cache_s: float = 60.0
    timeout_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An implementation of one of the platform's interfaces.

    Attributes:
        interface: Name of the interface: ``destination``, ``job_type``, or one that another plugin asks for with
            :meth:`plugin_sdk.Fleet.services`.
        name: Unique within the interface.
        implementation: What the interface asks for (documented with each, in ``docs/plugins.md``).
    """

    interface: str
    name: str
    implementation: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A sub-command of ``fleet-platform``.

    Attributes:
        name: As typed.
        run: Takes the arguments after the name; returns the exit code.
        summary: One line for ``--help``.
    """

    name: str
    run: Callable[[Sequence[str]], int]
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A plugin's settings.

    They come from the model's defaults, the configuration file (``[plugins.<name>]``), the environment
    (``FLEET_PLUGINS__<NAME>__<FIELD>``) and what ``plugin:<name>.SetConfig`` stored, the later winning. Fields
    of type ``SecretStr`` are never sent to anybody.

    Attributes:
        model: Every field needs a default. The instance is frozen; a change replaces it.
        changed: Called with the new settings after each change; the plugin's lifespan is restarted instead
            where this is None and the plugin has one.
    """

    model: type[BaseModel]
    changed: Callable[[Any], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrations:
    """SQL files that build the plugin's own schema (``plugin_<name>``, first in the search path while they run).

    Attributes:
        folder: Holds ``<number>_<what>.sql`` files with an ``-----UP`` and a ``-----DOWN`` part.
    """

    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSpecs:
    """Hooks that this plugin offers to other plugins.

    Attributes:
        namespace: Module or class that holds functions marked with ``plugin_sdk.hookspec``.
        collect: Called once per load with the results of each hook, one entry per implementing plugin.
    """

    namespace: Any
    collect: Callable[[Mapping[str, Sequence[Any]]], None] = field(default=lambda _results: None)


LifespanFactory: TypeAlias = Callable[["Fleet"], Any]
