"""Turning what plugin code raises into sentences: the rim between the host and everybody's code."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from plugin_sdk.errors import FleetError, PluginError


class Rejected(Exception):
    """A plugin cannot take part.

    Attributes:
        plugin: Its name.
        sentence: Why, for whoever operates the platform.
        state: What it is instead.
        trace: Traceback of what it raised, if it raised.
        lasting: Its own fault, whatever other plugins there are.
    """

    def __init__(
        self,
        plugin: str,
        sentence: str,
        *,
        state: Literal["quarantined", "unavailable"] = "quarantined",
        trace: str | None = None,
        lasting: bool = True,
    ) -> None:
        super().__init__(f"{plugin}: {sentence}")
        self.plugin = plugin
        self.sentence = sentence
        self.state = state
        self.trace = trace
        self.lasting = lasting


@contextmanager
def blaming(plugin: str, doing: str) -> Iterator[None]:
    """Reject a plugin for whatever its code raises inside.

    Args:
        doing: What failed, as the beginning of a sentence: ``Its import``.

    Raises:
        Rejected: Something was raised.
    """
    try:
        yield
    except Rejected:
        raise
    except PluginError as error:
        raise Rejected(plugin, f"{doing} is refused: {describe(error)}") from error
    except (Exception, SystemExit) as error:  # the rim to plugin code, which may raise anything, even sys.exit()
        trace = "".join(traceback.format_exception(error))
        raise Rejected(plugin, f"{doing} failed: {describe(error)}", trace=trace) from error


def called_once(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call something of a plugin's that must not be a coroutine function.

    Raises:
        PluginError: It is one.
    """
    result = function(*arguments)
    if inspect.iscoroutine(result):
        result.close()
        raise PluginError("it is called and never awaited; make it a plain def")
    return result


def describe(error: BaseException) -> str:
    """An exception in a few words: ``ValueError: no such broker``."""
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        return describe(error.exceptions[0])
    text = " ".join(str(error).split())
    if isinstance(error, FleetError):
        facts = ", ".join(f"{name} {value}" for name, value in error.data.items())
        return f"{text} ({facts})" if facts else text
    if isinstance(error, TimeoutError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
