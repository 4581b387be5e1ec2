"""Which extra of a distribution brings a missing library, so that the state can name what to install."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from importlib_metadata import PackageNotFoundError, distribution

from fleet_platform.host.discovery import Found
from fleet_platform.host.faults import Rejected, blaming

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*).*;.*\bextra\s*==\s*[\"']([\w.-]+)[\"']")


@contextmanager
def importing(found: Found) -> Iterator[None]:
    """Reject a plugin for what its code raises inside; it is ``unavailable`` if it only lacks an optional library.

    Raises:
        Rejected: Something was raised.
    """
    try:
        with blaming(found.name, "Its import"):
            yield
    except Rejected as rejection:
        cause = rejection.__cause__
        extra = missing_extra(found, cause.name or "") if isinstance(cause, ModuleNotFoundError) else None
        if extra is None:
            raise
        sentence = f"It needs a library that is not installed ({cause}); install {extra}."
        raise Rejected(found.name, sentence, state="unavailable", trace=rejection.trace) from cause


def missing_extra(found: Found, module: str) -> str | None:
    """What to install for a plugin whose import lacks a module: ``fleet-platform[mqtt]``.

    The entry point may name its extra (``mqtt = fleet_mqtt:Mqtt [mqtt]``). Else it is the extra with a requirement
    of the module's name, or the one called like the plugin if something of it is not installed.

    Returns:
        None if no extra brings the module: then the plugin is broken, not incomplete.
    """
    top = module.partition(".")[0]
    if found.distribution is None or top == found.entry.module.partition(".")[0]:
        return None
    declared = found.entry.extras
    required = [(extra, name) for name, extra in _optional(found)]
    by_module = [extra for extra, name in required if _is_of(name, top)]
    by_name = [extra for extra, name in required if extra == found.name and not _is_installed(name)]
    extras = [*declared, *by_module, *by_name]
    return f"{found.distribution}[{extras[0]}]" if extras else None


def _optional(found: Found) -> Iterator[tuple[str, str]]:
    dist = found.entry.dist
    for requirement in (dist.requires if dist is not None else None) or ():
        match = _REQUIREMENT.match(requirement)
        if match:
            yield match[1], match[2]


def _is_of(requirement: str, module: str) -> bool:
    """Whether a distribution's name looks like the module's: ``nats-py`` brings ``nats``."""
    name = requirement.lower().replace("-", "_").replace(".", "_")
    return module.lower() in (name, name.removesuffix("_py"), name.removeprefix("py"), name.removeprefix("python_"))


def _is_installed(requirement: str) -> bool:
    try:
        distribution(requirement)
    except PackageNotFoundError:
        return False
    return True
