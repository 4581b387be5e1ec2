"""What can go wrong with SQL methods, in words for whoever calls them. No text here holds a password.

Beside these, ``Unavailable`` says that the database is away and ``CallTimeout`` that a call took too long, both of
``plugin_sdk.errors``. What a function itself raises comes as ``asyncpg.PostgresError``, with its ``sqlstate``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fleet_platform.storage.problems import StorageProblem
from plugin_sdk.errors import Conflict, FleetError, InvalidParams, NotFound, Unavailable

__all__ = [
    "AmbiguousCall",
    "BadArguments",
    "ConfigProblem",
    "FunctionChanged",
    "FunctionGone",
    "TooManyTransactions",
    "TransactionFailed",
    "UnknownFunction",
    "UnknownTransaction",
    "UnusableFunction",
]


class ConfigProblem(StorageProblem):
    """The configuration cannot be used, or names a schema that is not there."""

    message = "SQL methods cannot be exposed"


class UnknownFunction(NotFound, KeyError):
    """No function of that name is exposed."""

    def __str__(self) -> str:
        return self.detail or self.message  # KeyError would put it between quotes


class FunctionGone(NotFound):
    """The function was dropped, or replaced by another one, since its schema was last read; it was not called."""


class FunctionChanged(Conflict):
    """What the function returned is not what it returned when its schema was last read."""


class UnusableFunction(FleetError):
    """The function takes something that cannot be passed, such as an argument of any type."""

    message = "The function cannot be called"


class BadArguments(InvalidParams):
    """Arguments are unknown, missing or of a wrong type; ``data.errors`` has one ``{path, message}`` for each."""

    def __init__(self, function: str, faults: Sequence[Mapping[str, str]]) -> None:
        super().__init__(faults)
        self.function = function

    @classmethod
    def one(cls, function: str, argument: str, message: str) -> BadArguments:
        """One fault of one argument."""
        return cls(function, [{"path": argument, "message": message}])

    def __str__(self) -> str:
        told = "; ".join(" ".join(part for part in (each["path"], each["message"]) if part) for each in self._errors)
        return f"{self.function}: {told}"

    @property
    def _errors(self) -> Sequence[Mapping[str, str]]:
        found: Sequence[Mapping[str, str]] = self.data["errors"]
        return found


class AmbiguousCall(BadArguments):
    """Several forms of an overloaded function take these arguments."""


class UnknownTransaction(NotFound):
    """No transaction of that number is open: it was ended, rolled back because nobody ended it, or never begun."""


class TransactionFailed(Conflict):
    """A call of the transaction failed, so that nothing of it counts; it can only be rolled back."""


class TooManyTransactions(Unavailable):
    """As many transactions are open as may be."""
