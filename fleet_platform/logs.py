"""Log lines: for people or for machines, with what they are about, without secrets.

Whoever serves something says so with :func:`about`; every line logged meanwhile, by whatever library, carries it.
The last thing that happens to a line is redaction.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal, TextIO

import orjson

from fleet_platform.redaction import redact

_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "about"}
"""Attributes every record has; all others came in by ``extra``."""


@contextmanager
def about(
    *, device: str | None = None, client: str | None = None, plugin: str | None = None, request: str | None = None
) -> Iterator[None]:
    """Say what the work of a task is about; tasks started within inherit it."""
    given = {"device": device, "client": client, "plugin": plugin, "request": request}
    token = _about.set({**_about.get(), **{name: value for name, value in given.items() if value is not None}})
    try:
        yield
    finally:
        _about.reset(token)


class AboutFilter(logging.Filter):
    """Puts onto each record what the running task is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record pass."""
        record.about = _about.get()
        return True


def configure(
    level: str, form: Literal["text", "json"], stream: TextIO | None = None, *, colour: bool | None = None
) -> logging.Handler:
    """Send all logging of this process to one stream, standard error by default; returns the handler.

    Args:
        colour: None decides by whether the stream is a terminal and ``NO_COLOR`` is unset.
    """
    target = stream or sys.stderr
    if colour is None:
        colour = target.isatty() and not os.environ.get("NO_COLOR")
    handler = logging.StreamHandler(target)
    handler.addFilter(AboutFilter())
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter(colour=colour))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    return handler


class TextFormatter(logging.Formatter):
    """``12:04:31 info    devices.session    device is online  device=shellyplus1-…``."""

    COLOURS: Mapping[str, str] = MappingProxyType(
        {"DEBUG": "\x1b[2m", "INFO": "\x1b[32m", "WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[1;31m"}
    )

    def __init__(self, *, colour: bool) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the traceback below it if there is one."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        level = self._paint(self.COLOURS.get(record.levelname, ""), f"{record.levelname.lower():<8}")
        name = self._paint("\x1b[2m", f"{record.name.removeprefix('fleet_platform.'):<18}")
        facts = " ".join(f"{key}={value}" for key, value in _facts(record).items())
        line = f"{time} {level} {name} {record.getMessage()}"
        if facts:
            line += "  " + self._paint("\x1b[2m", facts)
        return redact("\n".join([line, *_tracebacks(self, record)]))

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}\x1b[0m" if self._colour and colour else text


class JsonFormatter(logging.Formatter):
    """``{"ts": "2026-…Z", "level": "info", "logger": …, "message": …, "device": …}``."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object on one line."""
        line = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
            **_facts(record),
        }
        if tracebacks := _tracebacks(self, record):
            line["exception"] = redact("\n".join(tracebacks))
        return orjson.dumps(line).decode()


def _facts(record: logging.LogRecord) -> dict[str, str]:
    extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    facts = {**getattr(record, "about", {}), **extra}
    # redacted together with its name, which may be what gives it away
    return {name: redact(f"{name}={value}").partition("=")[2] for name, value in facts.items()}


def _tracebacks(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    texts = []
    if record.exc_info:
        texts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        texts.append(formatter.formatStack(record.stack_info))
    return texts
