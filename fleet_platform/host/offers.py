"""Hooks that plugins offer to one another: known before any other hook is called, answered after all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fleet_platform.host.faults import blaming, called_once
from fleet_platform.host.hooks import Hooks
from plugin_sdk import HookSpecs


class Offers:
    """All hooks that a set of plugins offers.

    Raises:
        Rejected: One cannot be a hook, or an implementation does not fit it.
    """

    def __init__(self, hooks: Hooks, offered: Mapping[str, Sequence[HookSpecs]]) -> None:
        self._hooks = hooks
        self._offers = [
            (plugin, each, hooks.offer(plugin, each)) for plugin, offers in offered.items() for each in offers
        ]

    def answer(self, plugins: Sequence[str]) -> None:
        """Call each hook of each plugin by itself and hand the results to who offers it.

        Raises:
            Rejected: An implementation raised, or who asked for the results does.
        """
        for owner, offer, names in self._offers:
            results = {
                name: [result for plugin in plugins for result in self._hooks.call(plugin, name)] for name in names
            }
            with blaming(owner, "Taking the results of the hooks it offers"):
                called_once(offer.collect, results)
