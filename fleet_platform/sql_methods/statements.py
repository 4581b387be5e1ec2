"""From a function and the names of the given arguments to the statement that calls it. Pure.

Every value is a parameter of the statement, cast to the declared type, and every name is quoted, so nothing that a
caller says becomes SQL. Arguments that are left out are not in the statement: the server fills in their defaults.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import asyncpg

from fleet_platform.sql_methods.catalogue import Argument, Function, quoted
from fleet_platform.sql_methods.errors import (
    AmbiguousCall,
    BadArguments,
    FunctionChanged,
    FunctionGone,
    UnusableFunction,
)
from fleet_platform.sql_methods.values import Convert, Unfit, decoder, encoder, record_decoder

Rows: TypeAlias = Sequence[Any]

_GONE = (asyncpg.UndefinedFunctionError, asyncpg.UndefinedObjectError, asyncpg.InvalidSchemaNameError)
_PARAMETER = re.compile(
    r"(?:query argument|parameter) \$(\d+)(?:: .*? \((?P<why>[^()]*(?:\([^()]*\)[^()]*)*)\)$)?", re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A call, but for its values.

    Attributes:
        text: SQL with ``$1, $2, …``.
        names: Arguments in the order of these numbers.
        encoders: What each value goes through first, None if it is fit.
        result: Makes the result of the rows.
    """

    function: Function
    text: str
    names: tuple[str, ...]
    encoders: tuple[Convert | None, ...]
    result: Callable[[Rows], Any]

    def values(self, arguments: Mapping[str, Any]) -> list[Any]:
        """Values to send, in order.

        Raises:
            BadArguments: One cannot be sent as it is.
        """
        values = []
        for name, encode in zip(self.names, self.encoders, strict=True):
            try:
                values.append(arguments[name] if encode is None else encode(arguments[name]))
            except Unfit as err:
                raise BadArguments.one(self.function.full_name, name, str(err)) from err
        return values

    def read(self, rows: Rows) -> Any:
        """The result, of the rows that came.

        Raises:
            FunctionChanged: They are not what was declared.
        """
        try:
            return self.result(rows)
        except (ValueError, TypeError, AttributeError, IndexError) as err:
            raise FunctionChanged(f"{self.function.full_name} returns something else than before; refresh") from err

    def translated(self, error: Exception) -> Exception:
        """What an error of this call means: an argument's fault, a function that is gone, or the error itself."""
        name, context = self.function.full_name, getattr(error, "context", None) or ""
        if isinstance(error, _GONE) and not context:
            return FunctionGone(f"{name} was dropped, or takes other arguments now: {error}")
        if isinstance(error, asyncpg.InvalidCachedStatementError):  # in a transaction alone: else asyncpg tries again
            return FunctionGone(f"{name} was replaced a moment ago; call it again")
        if isinstance(error, asyncpg.OutdatedSchemaCacheError):
            return FunctionChanged(f"a type that {name} returns was changed a moment ago")
        if isinstance(error, asyncpg.AmbiguousFunctionError) and not context:
            return AmbiguousCall.one(name, "", f"the server cannot tell which form is meant: {error.args[0]}")
        if isinstance(error, asyncpg.DataError | asyncpg.IntegrityConstraintViolationError):
            found = _PARAMETER.search(context) or _PARAMETER.search(str(error))
            if found and int(found[1]) <= len(self.names):
                argument = self.names[int(found[1]) - 1]
                label = self.function.types[self.function.inputs[argument].type].label
                why = found["why"] or getattr(error, "message", None) or "it does not fit"
                return BadArguments.one(name, argument, f"cannot be read as {label}: {why}")
        return error


class Forms:
    """All functions of one name, and the statements that call them.

    Args:
        name: For people, in errors.
    """

    def __init__(self, name: str, functions: Sequence[Function], *, json_is_text: bool = True) -> None:
        self.name = name
        self.functions = tuple(functions)
        self._json_is_text = json_is_text
        self._statements: dict[frozenset[str], Statement] = {}

    def statement(self, given: frozenset[str]) -> Statement:
        """The statement for arguments of these names.

        Raises:
            BadArguments: No form takes them; names each fault.
            AmbiguousCall: Several do; names them.
            UnusableFunction: It cannot be called at all.
        """
        known = self._statements.get(given)
        if known is None:
            known = build(self._choose(given), given, json_is_text=self._json_is_text)
            if len(self._statements) >= _MOST_STATEMENTS:
                self._statements.clear()
            self._statements[given] = known
        return known

    def _choose(self, given: frozenset[str]) -> Function:
        fits = [function for function in self.functions if function.accepts(given)]
        if len(fits) == 1:
            return fits[0]
        if not fits and len(self.functions) == 1:
            raise BadArguments(self.name, _faults(self.functions[0], given))
        forms = ", ".join(f"{function.name}{function.form}" for function in fits or self.functions)
        if fits:
            raise AmbiguousCall.one(self.name, "", f"the call is ambiguous; name the form that is meant: {forms}")
        told = ", ".join(sorted(map(str, given))) or "no arguments"
        raise BadArguments.one(self.name, "", f"no form takes {told}; there are {', '.join(map(str, self.functions))}")


_MOST_STATEMENTS = 256
"""Of one function with many defaults; beyond them they are made anew."""


def build(function: Function, given: frozenset[str], *, json_is_text: bool) -> Statement:
    """The statement that calls a function with arguments of these names, which it accepts."""
    _check_usable(function)
    passed = [each for each in function.arguments if each.is_input or (function.is_procedure and each.mode == "o")]
    by_position = _by_position(function, passed, given)
    names: list[str] = []
    parts: list[str] = []
    for position, argument in enumerate(passed):
        kind = function.types[argument.type].sql
        if argument.name in given:
            names.append(argument.name)
            value = f"${len(names)}::{kind}"
        elif argument.mode == "o":
            value = f"NULL::{kind}"
        elif argument.mode == "v" and not argument.has_default:
            value = f"'{{}}'::{kind}"
        else:
            continue
        called = "" if position < by_position else f"{quoted(argument.name)} => "
        parts.append(f"{'VARIADIC ' * (argument.mode == 'v')}{called}{value}")
    call = f"{quoted(function.schema, function.name)}({', '.join(parts)})"
    verb, result = _result(function, json_is_text=json_is_text)
    return Statement(
        function=function,
        text=f"{verb} {call}",
        names=tuple(names),
        encoders=tuple(
            encoder(function.types, function.inputs[name].type, json_is_text=json_is_text) for name in names
        ),
        result=result,
    )


def _by_position(function: Function, passed: Sequence[Argument], given: frozenset[str]) -> int:
    """How many are passed by position: up to the last without a name; all, where the last is VARIADIC.

    For with VARIADIC the server fills in no default before it, and without it, it takes no names.
    """
    sent = [place for place, each in enumerate(passed, 1) if _sent(each, given)]
    if passed and passed[-1].mode == "v":
        count = max(sent, default=0)
    else:
        count = max((place for place in sent if not passed[place - 1].named), default=0)
    faults = [
        {"path": each.name, "message": "cannot be left out here, because one after it has no name or is VARIADIC"}
        for each in passed[:count]
        if not _sent(each, given)
    ]
    if faults:
        raise BadArguments(function.full_name, faults)
    return count


def _sent(argument: Argument, given: frozenset[str]) -> bool:
    return argument.name in given or argument.mode == "o" or (argument.mode == "v" and not argument.has_default)


def _check_usable(function: Function) -> None:
    for argument in function.inputs.values():
        kind = function.types[argument.type]
        if kind.kind == "p":
            raise UnusableFunction(
                f"{function.full_name}: {argument.name} is of the type {kind.label}, which has no values"
            )


def _result(function: Function, *, json_is_text: bool) -> tuple[str, Callable[[Rows], Any]]:
    """How the statement begins, and what makes the result of its rows."""
    types, returned = function.types, function.types[function.returns]
    if function.columns:
        row = record_decoder([decoder(types, each.type, json_is_text=json_is_text) for each in function.columns])
        verb = "CALL" if function.is_procedure else "SELECT * FROM"
        return verb, (lambda rows: list(map(row, rows))) if function.returns_set else (lambda rows: row(rows[0]))
    if function.is_procedure:
        return "CALL", lambda _rows: None
    decode = decoder(types, function.returns, json_is_text=json_is_text)
    if function.returns_set and returned.kind == "c":
        fields = [decoder(types, each, json_is_text=json_is_text) for _, each in returned.fields]
        row = record_decoder(fields)
        return "SELECT * FROM", lambda rows: list(map(row, rows))
    if function.returns_set:
        return "SELECT", lambda rows: [row[0] if decode is None else decode(row[0]) for row in rows]
    return "SELECT", lambda rows: rows[0][0] if decode is None else decode(rows[0][0])


def _faults(function: Function, given: frozenset[str]) -> list[dict[str, str]]:
    takes = ", ".join(function.inputs) or "no arguments"
    unknown = [
        {"path": str(name), "message": f"is unknown; it takes {takes}"} for name in given - function.inputs.keys()
    ]
    missing = [{"path": name, "message": "is missing"} for name in function.inputs if name in function.required - given]
    return [*sorted(unknown, key=lambda fault: fault["path"]), *missing]
