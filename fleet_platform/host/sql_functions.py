"""RPC methods that are functions of the database: found when they are first called or described.

What is known of a function is looked up again after a minute, and at once when a call shows that it has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import asyncpg
from pydantic import TypeAdapter

from fleet_platform.host import sql_types
from fleet_platform.host.context import PluginFleet
from fleet_platform.rpc.methods import BoundMethod, bind
from fleet_platform.sql_methods import FunctionChanged, FunctionGone
from fleet_platform.sql_methods.catalogue import Function, read
from fleet_platform.sql_methods.errors import ConfigProblem
from fleet_platform.sql_methods.statements import Forms
from plugin_sdk import JSON, Call, Method, SqlFunction
from plugin_sdk.errors import Conflict, FleetError, InvalidParams, NotFound, PluginError, Unavailable

FRESH_S = 60.0


def bind_any(method: Method, *, plugin: str, fleet: PluginFleet) -> BoundMethod:
    """Bind a method, whether its handler is Python or SQL.

    Raises:
        PluginError: As :func:`fleet_platform.rpc.methods.bind`.
    """
    if not isinstance(method.handler, SqlFunction):
        return bind(method, plugin=plugin, fleet=fleet)
    plain = bind(replace(method, handler=_nothing), plugin=plugin)
    known = Known(method.handler.name, plain, fleet)
    values = {field.name: getattr(plain, field.name) for field in fields(plain)}
    return SqlMethod(**{**values, "call": known.run}, known=known)


def _nothing() -> Any: ...  # stands for the function while nothing is known of it


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlMethod(BoundMethod):
    """A method whose handler is a function of the database."""

    known: Known

    def check(self, params: JSON) -> dict[str, Any]:
        """Leave it to the call, which knows the function."""
        return {"params": params}

    async def described(self) -> BoundMethod:
        """The method with the function's arguments and comment; as it was declared if the function cannot be read."""
        try:
            bound, _ = await self.known.look()
        except (FleetError, asyncpg.PostgresError):
            return replace(self.known.plain)  # a copy: what is not known now may be later
        return bound


class Known:
    """What is known of one function.

    Args:
        name: As the plugin wrote it.
        plain: The method as it was declared.
    """

    def __init__(self, name: str, plain: BoundMethod, fleet: PluginFleet) -> None:
        written, bracket, form = name.partition("(")
        schema, _, function = written.rpartition(".")
        self._schema = schema or f"plugin_{plain.plugin}"
        self._function = function
        self._form = bracket + form
        self._fleet = fleet
        self._found: tuple[BoundMethod, Forms] | None = None
        self._fresh_until = 0.0
        self._seen: Function | None = None
        self.plain = plain

    async def look(self) -> tuple[BoundMethod, Forms]:
        """The method as the function makes it, and the function.

        Raises:
            Unavailable: The database is away, or the function is not there.
            PluginError: There are several, or it cannot be a method.
        """
        clock = asyncio.get_running_loop().time
        if self._found is None or clock() > self._fresh_until:
            self._found = self._describe(await self._read())
            self._fresh_until = clock() + FRESH_S
        return self._found

    async def run(self, arguments: Mapping[str, Any], _call: Call) -> Any:
        """Check the parameters and call the function.

        Raises:
            InvalidParams: They do not fit, or the function says so itself; with the argument's name.
            NotFound: The function found no data (``P0002``).
            Conflict: A constraint stands against it.
        """
        try:
            return await self._run(arguments["params"])
        except FunctionGone:
            # refused before it began, so nothing is done twice
            self._found = None
            return await self._run(arguments["params"])
        except FunctionChanged:
            self._found = None
            raise

    async def _run(self, params: JSON) -> Any:
        bound, forms = await self.look()
        checked = bound.check(params)
        names = [field.alias for field in bound.params.model_fields.values()]
        given = {
            name: value
            for name, value in zip(names, checked.values(), strict=True)
            if name is not None and value is not sql_types.LEFT
        }
        statement = forms.statement(frozenset(given))
        values = statement.values(given)
        async with self._fleet.sql.transaction(read_only=bound.read_only) as connection:
            try:
                rows = await connection.fetch(statement.text, *values, timeout=bound.timeout_s)
            except (asyncpg.PostgresError, asyncpg.InternalClientError) as err:
                translated = self._translated(statement.translated(err))
                if translated is err:
                    raise
                raise translated from err
        adapter: TypeAdapter[Any] = TypeAdapter(bound.returns)
        return adapter.dump_python(statement.read(rows), mode="json", by_alias=True, warnings=False)

    def _translated(self, error: Exception) -> Exception:
        """What an error of the function means to who called the method."""
        match error:
            case asyncpg.RaiseError() | asyncpg.InvalidParameterValueError():
                return InvalidParams.at(getattr(error, "column_name", None) or "", str(error.args[0]))
            case asyncpg.NoDataFoundError():
                return NotFound(str(error.args[0]))
            case asyncpg.IntegrityConstraintViolationError():
                return Conflict(str(error.args[0]))
            case asyncpg.ReadOnlySQLTransactionError():
                return PluginError(f"{self} is of a read-only method, and writes")
            case _:
                return error

    async def _read(self) -> Function:
        async with self._fleet.sql.transaction(read_only=True) as connection:
            try:
                functions = await read(connection.fetch, [self._schema], self._function)
            except ConfigProblem:
                functions = []
            found = self._choose(functions)
            if self._seen not in (None, found):
                # connections still know its types as they were
                await connection.reload_schema_state()
            self._seen = found
        self._fleet.record.mend(str(self))
        return found

    def _choose(self, functions: Sequence[Function]) -> Function:
        fits = [function for function in functions if not self._form or function.form == self._form]
        if not fits:
            self._fleet.record.fault(
                str(self), f"There is no function {self}, which its method {self.plain.name} calls."
            )
            raise Unavailable(f"the function {self} is not there", part=f"plugin {self.plain.plugin}")
        if len(fits) > 1:
            forms = ", ".join(f"{function.name}{function.form}" for function in fits)
            raise PluginError(f"the method {self.plain.name} must name which function it is: {forms}")
        return fits[0]

    def _describe(self, function: Function) -> tuple[BoundMethod, Forms]:
        comment = " ".join(function.comment.split())
        bound = replace(
            self.plain,
            params=sql_types.parameters(function, self.plain.name),
            returns=sql_types.result(function),
            summary=self.plain.summary or " ".join(function.comment.partition("\n\n")[0].split()),
            description=comment or self.plain.description,
        )
        return bound, Forms(function.full_name, [function])

    def __str__(self) -> str:
        return f"{self._schema}.{self._function}{self._form}"
