"""What every noun has, ``ListMethods`` and ``Describe``, and ``rpc.discover``: made from what is in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fleet_platform import __version__
from fleet_platform.methods.slices import in_slices
from fleet_platform.rpc import openrpc
from fleet_platform.rpc.methods import BoundMethod, bind
from fleet_platform.text import Fragment, encode_to_keep
from plugin_sdk import EventType, JSONObject, Method

_SLICE = 1
"""Methods described without letting others run; each takes about a millisecond."""


def with_listings(
    methods: Mapping[str, BoundMethod], events: Iterable[tuple[str, EventType]] = ()
) -> dict[str, BoundMethod]:
    """Add ``rpc.discover``, and to each noun the ones of its own that it lacks.

    Args:
        methods: By lower-case name, aliases included.
        events: Events in force, each after the name of its plugin.
    """
    listed: dict[str, BoundMethod] = dict(methods)
    book = Book(listed, list(events))
    discover = Method(name="rpc.discover", handler=book.discover, read_only=True)
    listed["rpc.discover"] = bind(discover, plugin="core")
    for noun in _nouns(listed).values():
        for method in (
            Method(name=f"{noun}.ListMethods", handler=book.lister(noun), read_only=True),
            Method(name=f"{noun}.Describe", handler=book.describer(noun), read_only=True),
        ):
            listed.setdefault(method.name.lower(), bind(method, plugin="core"))
    return listed


class Book:
    """Describes the methods and events in force.

    The whole document is kept, for nothing in it changes, unless a method is described by the database.
    """

    def __init__(self, methods: Mapping[str, BoundMethod], events: list[tuple[str, EventType]]) -> None:
        self._methods = methods
        self._events = events
        self._document: Fragment | None = None
        self._settled = True

    async def discover(self) -> Any:
        """All methods and events of this platform, as an OpenRPC document.

        Each method has its permission as `x-permission`, whether it may be called by GET as `x-read-only`, and the
        plugin that brings it as `x-plugin`; events are in `x-events`. The document is the same for every caller.
        """
        if self._document is None:
            methods, definitions = await self._described("")
            events = self._events_of("")
            whole = openrpc.document(methods, definitions, events, version=__version__)
            document = Fragment(encode_to_keep(whole))
            if not self._settled:
                return document
            self._document = document
        return self._document

    def lister(self, noun: str) -> Callable[[], list[str]]:
        """The handler of a noun's ``ListMethods``."""

        def list_methods() -> list[str]:
            """Verbs of this noun, in lower case."""
            prefix = f"{noun.lower()}."
            return sorted(name.removeprefix(prefix) for name in self._methods if name.startswith(prefix))

        return list_methods

    def describer(self, noun: str) -> Callable[[], Any]:
        """The handler of a noun's ``Describe``."""

        async def describe() -> JSONObject:
            """Methods and events of this noun: `{name, methods, events, components: {schemas}}`, as in OpenRPC."""
            prefix = f"{noun.lower()}."
            methods, definitions = await self._described(prefix)
            events = self._events_of(prefix)
            return {"name": noun, "methods": methods, "events": events, "components": {"schemas": definitions}}

        return describe

    async def _described(self, prefix: str) -> tuple[list[JSONObject], JSONObject]:
        definitions: JSONObject = {}
        methods = []
        async for bound, name in in_slices(self._named(prefix), _SLICE):
            told = await bound.described()
            self._settled = self._settled and told is bound
            methods.append(openrpc.describe(told, name, definitions))
        return methods, definitions

    def _named(self, prefix: str) -> list[tuple[BoundMethod, str]]:
        """Methods of a noun, or all, under each of its names."""
        distinct = {id(bound): bound for bound in self._methods.values()}
        return [
            (bound, name)
            for bound in distinct.values()
            for name in openrpc.names_of(bound, self._methods)
            if name.lower().startswith(prefix)
        ]

    def _events_of(self, prefix: str) -> list[JSONObject]:
        return [
            openrpc.describe_event(event, plugin)
            for plugin, event in self._events
            if event.name.lower().startswith(prefix)
        ]


def _nouns(methods: Mapping[str, BoundMethod]) -> Mapping[str, str]:
    """Lower-case noun to the noun as its methods spell it."""
    names: dict[str, str] = {}
    spelt: dict[str, str] = defaultdict(str)
    for name, method in methods.items():
        noun = name.partition(".")[0]
        names.setdefault(noun, noun)
        if method.name.lower() == name:
            spelt[noun] = spelt[noun] or method.name.partition(".")[0]
    return {noun: spelt[noun] or name for noun, name in names.items()}
