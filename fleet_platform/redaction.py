"""Taking secrets out of text that is about to leave for a log.

The last defence: no code logs a secret, and if some does, this catches the shapes that secrets of a fleet have.
It rather hides too much than too little.
"""

from __future__ import annotations

import re

from plugin_sdk import JSON

_NAMES = (
    r"pass|passwd|password|passphrase|pwd|psk|secret|(?:access|refresh)?_?token|api[_-]?key|authorization|cookie|ha1"
)

_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    # user:password@ of any address: DSN, broker, proxy
    (re.compile(r"(://[^\s/:@]*):\S{1,500}@"), r"\1:***@"),
    # JSON Web Tokens, wherever they stand; no dot is waited for, which would be looked for again and again
    (re.compile(r"\beyJ[\w-]+(?:\.[\w-]*){0,2}"), "***"),
    (re.compile(r"\b(Bearer|Basic) +[^\s\"',]+"), r"\1 ***"),
    # the enrolment token in a device's address
    (re.compile(r"(/shelly/)[^\s/?\"']+"), r"\1***"),
    # name and value, bare or quoted, be it JSON, JSON inside JSON (\"pass\": \"…\"), a repr, a DSN or a query;
    # a quoted value ends at the quote that opened it, or with the text if that was cut short
    (
        re.compile(
            rf"""(?<![a-z])((?:{_NAMES})(?:\\*["'])?\s*[:=]\s*)"""
            r"""(?:(\\*["']).*?(?:(?<!\\)\2|$)|[^\s&,;)\]}"'\\]+)""",
            re.IGNORECASE | re.DOTALL,
        ),
        r"\1\2***\2",
    ),
)


_SECRET_KEY = re.compile(rf"(?:.*[_-])?(?:{_NAMES}|key|user_?key)", re.IGNORECASE)


def hides(name: str) -> bool:
    """Whether a text of that name is taken for a secret."""
    return _SECRET_KEY.fullmatch(name) is not None


def mask(value: JSON) -> JSON:
    """A copy of a JSON value with ``***`` for every text whose name is that of a secret."""
    if isinstance(value, dict):
        return {
            key: "***" if hides(str(key)) and isinstance(inner, str) and inner else mask(inner)
            for key, inner in value.items()
        }
    return [mask(inner) for inner in value] if isinstance(value, list) else value


def redact(text: str) -> str:
    """Replace what looks like a secret by ``***``."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text
