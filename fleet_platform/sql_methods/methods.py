"""Functions as callables: by name, ``methods["devices.fn_device_fetch"]``, and as attributes."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any, Protocol

from fleet_platform.sql_methods.catalogue import Function
from fleet_platform.sql_methods.errors import ConfigProblem, UnknownFunction
from fleet_platform.sql_methods.statements import Forms

Arguments = Mapping[str, Any]


class Run(Protocol):
    """Calls a function by the name of its method."""

    async def __call__(self, name: str, arguments: Arguments, tx: int | None, timeout_s: float | None) -> Any:
        """The result."""


class Method:
    """A function of the database, to be awaited: ``await method({"p_device": "a"}, tx=None)``.

    Arguments come in a mapping or as keyword arguments. Its docstring is the function's comment, and
    ``inspect.signature`` tells its arguments.

    Attributes:
        name: As in ``methods``.
        forms: The functions of this name; several, if it is overloaded.
    """

    def __init__(self, name: str, forms: Forms, run: Run) -> None:
        self.name = name
        self.forms = forms
        self._run = run
        self.__name__ = name
        self.__doc__ = "\n\n".join(
            f"{function}\n\n{function.comment}" if function.comment else str(function) for function in forms.functions
        )
        self.__signature__ = signature(forms.functions[0]) if len(forms.functions) == 1 else _ANY

    def __call__(
        self, args: Arguments | None = None, /, *, tx: int | None = None, timeout_s: float | None = None, **named: Any
    ) -> Coroutine[Any, Any, Any]:
        """Call it.

        Args:
            args: Arguments by name; an argument called ``tx`` or ``timeout_s`` can only be given here.
            tx: Number of the transaction it is part of.
            timeout_s: Deadline, if not that of the configuration.
        """
        return self._run(self.name, {**args, **named} if args and named else args or named, tx, timeout_s)

    def __repr__(self) -> str:
        return f"<SQL method {'; '.join(map(str, self.forms.functions))}>"


class Namespace:
    """The methods of one schema, as attributes."""

    def __init__(self, schema: str, methods: Mapping[str, Method]) -> None:
        self._schema = schema
        self._methods = methods

    def __getattr__(self, name: str) -> Method:
        try:
            return self._methods[name]
        except KeyError:
            raise AttributeError(f"no function {name} of the schema {self._schema} is exposed") from None

    __getitem__ = __getattr__

    def __dir__(self) -> list[str]:
        return sorted(self._methods)

    def __repr__(self) -> str:
        return f"<SQL methods of {self._schema}: {', '.join(self._methods)}>"


class Methods(Mapping[str, Method]):
    """All methods by name, in the order of their names.

    ``methods.devices.fn_device_fetch`` is ``methods["devices.fn_device_fetch"]``. Each form of an overloaded function
    has a name of its own besides: ``devices.fn_find(integer)``.
    """

    def __init__(self) -> None:
        self._by_name: Mapping[str, Method] = {}
        self._by_schema: Mapping[str, Namespace] = {}

    def replace(self, methods: Mapping[str, Method], schemas: Mapping[str, Namespace]) -> None:
        """Put other methods in force, all at once."""
        self._by_name, self._by_schema = methods, schemas

    def __getitem__(self, name: str) -> Method:
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownFunction(f"no function {name} is exposed") from None

    def __getattr__(self, schema: str) -> Namespace:
        try:
            return self._by_schema[schema]
        except KeyError:
            raise AttributeError(f"no schema {schema} is exposed") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._by_schema]

    def __repr__(self) -> str:
        return f"<SQL methods: {', '.join(self._by_name)}>"


def compile_methods(
    functions: list[Function], *, glue: str, json_is_text: bool, run: Run
) -> tuple[dict[str, Method], dict[str, Namespace]]:
    """Methods by name, and by schema.

    Raises:
        ConfigProblem: Two functions would have one name.
    """
    together: dict[tuple[str, str], list[Function]] = {}
    for function in functions:
        together.setdefault((function.schema, function.name), []).append(function)
    by_name: dict[str, Method] = {}
    by_schema: dict[str, dict[str, Method]] = {}
    for (schema, name), same in together.items():
        forms = {f"{schema}{glue}{name}": same}
        if len(same) > 1:
            forms |= {f"{schema}{glue}{name}{function.form}": [function] for function in same}
        for full, of_it in forms.items():
            if full in by_name:
                other = by_name[full].forms.functions[0].full_name
                raise ConfigProblem(f"gluePrefix {glue!r} gives {schema}.{name} and {other} the same name {full}")
            by_name[full] = Method(full, Forms(full, of_it, json_is_text=json_is_text), run)
        by_schema.setdefault(schema, {})[name] = by_name[f"{schema}{glue}{name}"]
    return by_name, {schema: Namespace(schema, methods) for schema, methods in by_schema.items()}


def signature(function: Function) -> inspect.Signature:
    """Arguments as keywords; ``...`` for a default that the server knows.

    Only names that Python can write are in it, and ``tx`` is last.
    """
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if argument.is_required else ...,
            annotation=function.types[argument.type].label,
        )
        for name, argument in function.inputs.items()
        if name.isidentifier() and name not in _OWN
    ]
    return inspect.Signature([*parameters, *_TX], return_annotation=function.result_text or inspect.Signature.empty)


_ANY = inspect.signature(Method.__call__)
_OWN = ("tx", "timeout_s")
_TX = [_ANY.parameters["tx"]]
_ANY = _ANY.replace(parameters=list(_ANY.parameters.values())[1:])
