"""``<Noun>.ListMethods`` for every noun, made from the methods in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from fleet_platform.rpc.methods import BoundMethod, bind
from plugin_sdk import Method


def with_listings(methods: Mapping[str, BoundMethod]) -> dict[str, BoundMethod]:
    """Add ``ListMethods`` to each noun that lacks it: its verbs in lower case, sorted."""
    verbs: dict[str, set[str]] = defaultdict(set)
    names: dict[str, str] = {}
    for name, method in methods.items():
        noun, _, verb = name.partition(".")
        verbs[noun].add(verb)
        names.setdefault(noun, method.name.partition(".")[0] if method.name.lower() == name else noun)
    listed = dict(methods)
    for noun, found in verbs.items():
        key = f"{noun}.listmethods"
        if key not in listed:
            found.add("listmethods")
            listed[key] = bind(
                Method(
                    name=f"{names[noun]}.ListMethods",
                    handler=_lister(sorted(found)),
                    read_only=True,
                    summary=f"Methods of {names[noun]}, in lower case.",
                ),
                plugin="core",
            )
    return listed


def _lister(verbs: list[str]) -> Callable[[], list[str]]:
    def list_methods() -> list[str]:
        return verbs

    return list_methods
