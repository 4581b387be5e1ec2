"""A little of what scripts say, read from their code: calls that are written out. There is no JavaScript here. Pure.

What is understood, wherever it is written out with literals (JSON, keys without quotes and single quotes too):

- ``Shelly.emitEvent("name", data)`` and ``Shelly.call("Method", params)``;
- ``Timer.set(ms, repeat, callback)``;
- ``Shelly.addEventHandler(callback)`` and ``Shelly.addStatusHandler(callback)``;
- calls of the script's own functions by their names, without arguments;
- an assignment to what was declared with ``const``, at which the script fails.

A callback is a function, an arrow function or the name of one. What is under a condition or in a loop (``if``, ``for``,
``while``, ``switch``, ``catch``) is left out, and so is what depends on a variable, an argument or a result. Everything
else is passed over.

Of errors in the text, brackets that do not match and texts and comments that do not end are seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from plugin_sdk import JSON

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)|(?P<number>0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|"""
    r"""(?P<name>[A-Za-z_$][\w$]*)|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|"""
    r"""(?P<sign>=>|[^\s])""",
    re.DOTALL,
)
_REGULAR = re.compile(r"/(?![/*])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_BEFORE_REGULAR = frozenset("(,=:[!&|?{};+-*%<>~^")
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_PAIRS.values())
_CONDITIONAL = frozenset({"if", "for", "while", "switch", "catch", "with"})
_DEEPEST = 50
"""Brackets in one another, and functions; far more than a device has memory for."""

_WORDS: Mapping[str, JSON] = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)


class BadCode(ValueError):
    """Code that is no JavaScript.

    Attributes:
        told: What a device says of it.
    """

    def __init__(self, what: str, code: str, at: int) -> None:
        """The words of syntax errors are not captured."""
        self.told = _told(f"SyntaxError: {what}", code, at)
        super().__init__(self.told)


def _told(what: str, code: str, at: int) -> str:
    """An error at a place of the code, as a device tells of it.

    Source: captured notification of a crash (notifications.jsonl).
    """
    start = code.rfind("\n", 0, at) + 1
    line = code[start:].partition("\n")[0]
    return f"Uncaught {what}\n at {line}\n {' ' * (at - start)}^\nin function called from system\n\n"


@dataclass(frozen=True, slots=True)
class Emit:
    """``Shelly.emitEvent``; ``has_data`` tells null from nothing."""

    name: str
    data: JSON
    has_data: bool


@dataclass(frozen=True, slots=True)
class Call:
    """``Shelly.call`` of one of the device's own methods."""

    method: str
    params: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Invoke:
    """A function of the script, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class SetTimer:
    """``Timer.set``."""

    period_ms: float
    repeat: bool
    block: Block


@dataclass(frozen=True, slots=True)
class Handle:
    """``Shelly.addEventHandler``, or ``addStatusHandler``."""

    status: bool
    block: Block


@dataclass(frozen=True, slots=True)
class Fail:
    """An error that ends the script.

    Attributes:
        told: What the device says of it: ``error_msg``.
        kind: What sort it is of: an entry of ``errors``.
    """

    told: str
    kind: str


Action: TypeAlias = Emit | Call | Invoke | SetTimer | Handle | Fail
Block: TypeAlias = Sequence[Action]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a script does.

    Attributes:
        start: What it does when it starts.
        functions: What its own functions do, by name.
    """

    start: Block
    functions: Mapping[str, Block] = field(default_factory=dict)


def read_code(code: str) -> Program:
    """Read a script.

    Raises:
        BadCode: It is none, as far as that is seen.
    """
    reader = _Reader(code)
    return Program(start=reader.block(0, len(reader.tokens)), functions=reader.functions)


def read_literal(code: str) -> JSON:
    """The value of code that is nothing but a literal.

    Raises:
        BadCode: It is no code.
        ValueError: It is something else.
    """
    reader = _Reader(code)
    return reader.literal(0, len(reader.tokens))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Reader:
    """Walks over tokens; places are their numbers."""

    def __init__(self, code: str) -> None:
        self.tokens = list(_tokens(code))
        self._code = code
        self._constants = self._after("const") - self._after("let", "var", "(", ",")
        self.functions: dict[str, Block] = {}
        self._closes = self._match(code)
        self._depth = 0

    def block(self, start: int, end: int) -> Block:
        """What the code between two places does."""
        actions: list[Action] = []
        self._depth += 1
        at = start
        while at < end and self._depth <= _DEEPEST:
            at = self._step(at, end, actions)
        self._depth -= 1
        return tuple(actions)

    def _step(self, at: int, end: int, actions: list[Action]) -> int:
        """Take one token, or what it begins; returns the place after it."""
        after = self._passed_over(at, end)
        if after is not None:
            return after
        if self.tokens[at].kind == "name" and self._text(at - 1) != ".":
            if self._is_assigned_anew(at):
                told = _told("TypeError: Assignment to a constant", self._code, self.tokens[at].at)
                actions.append(Fail(told, "type_error"))
            called, opening = self._called(at)
            if called and opening in self._closes:
                action = self._action(called, self._arguments(opening))
                if action is not None:
                    actions.append(action)
                    return self._closes[opening] + 1
        return at + 1

    def _passed_over(self, at: int, end: int) -> int | None:
        """The place after what is not done when it is reached: functions, and what is under a condition."""
        text = self._text(at)
        if text == "function":
            return self._function(at)
        if text in _CONDITIONAL:
            return self._after_statement(self._after_group(at + 1), end)
        if text in ("else", "do"):
            return self._after_statement(at + 1, end)
        if text == "=>":
            return self._after_arrow(at, end)
        if self._text(at + 1) == "=" and (body := self._function_at(at + 2)) is not None:
            self.functions[text] = self.block(*body)
            return body[1]
        return None

    def _after(self, *before: str) -> set[str]:
        """All that comes after any of these. A name that may be a parameter's elsewhere is no constant for sure."""
        return {self._text(at + 1) for at in range(len(self.tokens)) if self._text(at) in before}

    def _is_assigned_anew(self, at: int) -> bool:
        """Whether a constant is given another value at a place."""
        assigned = self._text(at + 1) == "=" and self._text(at + 2) != "="
        return assigned and self._text(at) in self._constants and self._text(at - 1) not in ("const", "let", "var")

    def _called(self, at: int) -> tuple[str, int]:
        """The name that is called at a place and where its arguments begin: ``("Timer.set", 7)``; "" if none is."""
        if self._text(at + 1) == "." and self._text(at + 3) == "(":
            return f"{self._text(at)}.{self._text(at + 2)}", at + 3
        return (self._text(at), at + 1) if self._text(at + 1) == "(" else ("", at)

    def _action(self, name: str, arguments: Sequence[tuple[int, int]]) -> Action | None:
        try:
            if name == "Shelly.emitEvent" and arguments:
                values = [self.literal(*each) for each in arguments[:2]]
                return Emit(str(values[0]), values[1] if values[1:] else None, bool(values[1:]))
            if name == "Shelly.call" and arguments:
                params = self.literal(*arguments[1]) if arguments[1:] else {}
                return Call(str(self.literal(*arguments[0])), params if isinstance(params, dict) else {})
            if name == "Timer.set" and len(arguments) >= 3:
                period, repeat = self.literal(*arguments[0]), self.literal(*arguments[1])
                return SetTimer(float(period), repeat is True, self._callback(arguments[2][0]))
            if name in ("Shelly.addEventHandler", "Shelly.addStatusHandler") and arguments:
                return Handle(name.endswith("StatusHandler"), self._callback(arguments[0][0]))
        except (ValueError, TypeError):
            return None
        return Invoke(name) if "." not in name and not arguments else None

    def _callback(self, at: int) -> Block:
        body = self._function_at(at)
        if body is not None:
            return self.block(*body)
        return (Invoke(self._text(at)),) if self.tokens[at].kind == "name" else ()

    # ---- places -----------------------------------------------------------------------------------------

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def _after_group(self, at: int) -> int:
        """The place after the brackets that open at a place; the place itself if none do."""
        return self._closes[at] + 1 if at in self._closes else at

    def _after_statement(self, at: int, end: int) -> int:
        """The place after a block in braces, or after the statement there."""
        if self._text(at) == "{":
            return self._closes[at] + 1
        while at < end and self._text(at) not in (";", "}"):
            at = max(self._after_group(at), at + 1)
        return at + 1 if self._text(at) == ";" else at

    def _after_arrow(self, at: int, end: int) -> int:
        if self._text(at + 1) == "{":
            return self._closes[at + 1] + 1
        at += 1
        while at < end and self._text(at) not in (";", ",") and self._text(at) not in _CLOSING:
            at = max(self._after_group(at), at + 1)
        return at

    def _function(self, at: int) -> int:
        """Remember a function by its name, and pass over it."""
        body = self._function_at(at)
        if body is None:
            return at + 1
        if self.tokens[at + 1].kind == "name":
            self.functions[self._text(at + 1)] = self.block(*body)
        return body[1]

    def _function_at(self, at: int) -> tuple[int, int] | None:
        """Where the body of a function or an arrow function at a place begins and ends; None if there is none."""
        if self._text(at) == "function":
            at = self._after_group(at + 1 if self._text(at + 1) == "(" else at + 2)
            return (at + 1, self._closes[at]) if self._text(at) == "{" else None
        arrow = self._after_group(at) if self._text(at) == "(" else at + 1
        if self._text(arrow) != "=>":
            return None
        if self._text(arrow + 1) == "{":
            return arrow + 2, self._closes[arrow + 1]
        return arrow + 1, self._after_arrow(arrow, len(self.tokens))

    def _arguments(self, opening: int) -> list[tuple[int, int]]:
        """Where the arguments in brackets begin and end."""
        found: list[tuple[int, int]] = []
        start = at = opening + 1
        end = self._closes[opening]
        while at < end:
            if self._text(at) == ",":
                found.append((start, at))
                start = at + 1
            at = max(self._after_group(at), at + 1)
        return [*found, (start, end)] if start < end else found

    def _match(self, code: str) -> dict[int, int]:
        closes: dict[int, int] = {}
        open_at: list[int] = []
        for at, token in enumerate(self.tokens):
            if token.kind != "sign":
                continue
            if token.text in _PAIRS:
                open_at.append(at)
                if len(open_at) > _DEEPEST:
                    raise BadCode("Too much recursion", code, token.at)
            elif token.text in _CLOSING:
                if not open_at or _PAIRS[self.tokens[open_at[-1]].text] != token.text:
                    raise BadCode(f"Got '{token.text}' expected EOF", code, token.at)
                closes[open_at.pop()] = at
        if open_at:
            raise BadCode(f"Got EOF expected '{_PAIRS[self.tokens[open_at[-1]].text]}'", code, len(code))
        return closes

    # ---- literals ---------------------------------------------------------------------------------------

    def literal(self, start: int, end: int) -> JSON:
        """The value between two places.

        Raises:
            ValueError: It is no literal.
        """
        value, at = self._value(start)
        if at != end:
            raise ValueError("no literal")
        return value

    def _value(self, at: int) -> tuple[JSON, int]:
        token = self.tokens[at] if at < len(self.tokens) else _Token("", "", 0)
        if token.text == "-" and at + 1 < len(self.tokens) and self.tokens[at + 1].kind == "number":
            return -_number(self._text(at + 1)), at + 2
        if token.kind == "number":
            return _number(token.text), at + 1
        if token.kind == "text" and not (token.text[0] == "`" and "${" in token.text):
            return _unquoted(token.text), at + 1
        if token.kind == "name" and token.text in _WORDS:
            return _WORDS[token.text], at + 1
        if token.text == "[":
            return [self.literal(*each) for each in self._arguments(at)], self._closes[at] + 1
        if token.text == "{":
            return dict(self._member(*each) for each in self._arguments(at)), self._closes[at] + 1
        raise ValueError("no literal")

    def _member(self, start: int, end: int) -> tuple[str, JSON]:
        token = self.tokens[start]
        if token.kind not in ("name", "text", "number") or self._text(start + 1) != ":":
            raise ValueError("no literal")
        return _unquoted(token.text) if token.kind == "text" else token.text, self.literal(start + 2, end)


def _tokens(code: str) -> Iterator[_Token]:
    at, before = 0, "("
    while at < len(code):
        regular = _REGULAR.match(code, at) if before in _BEFORE_REGULAR or before == "return" else None
        found = regular or _TOKEN.match(code, at)
        if found is None:  # every character begins a token
            raise BadCode("Got ?", code, at)
        kind = "regular" if regular else str(found.lastgroup)
        if kind == "sign" and found[0] in "\"'`":
            raise BadCode("Got UNFINISHED STRING expected EOF", code, at)
        if kind == "sign" and code.startswith("/*", at):
            raise BadCode("Got UNFINISHED COMMENT expected EOF", code, at)
        if kind != "space":
            yield _Token(kind, found[0], at)
            before = found[0]
        at = found.end()


def _number(text: str) -> int | float:
    if text[:2].lower() == "0x":
        return int(text, 16)
    return int(text) if text.isdecimal() else float(text)


def _unquoted(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        return chr(int(code, 16)) if code else _ESCAPES.get(found[3], found[3])

    return _ESCAPE.sub(plain, text[1:-1])
