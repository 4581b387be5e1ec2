"""Functions of a PostgreSQL database as Python methods: arguments by name, rows as dicts.

Usable alone: it needs a database, asyncpg and pydantic. ::

    exposed = await expose_sql_methods({"connection": "postgresql://…", "link": {"schemas": ["devices"]}})
    rows = await exposed.methods.devices.fn_device_fetch({"p_device": "a"})
"""

from fleet_platform.sql_methods.config import Config
from fleet_platform.sql_methods.errors import (
    AmbiguousCall,
    BadArguments,
    ConfigProblem,
    FunctionChanged,
    FunctionGone,
    TooManyTransactions,
    TransactionFailed,
    UnknownFunction,
    UnknownTransaction,
    UnusableFunction,
)
from fleet_platform.sql_methods.exposed import SqlMethods, expose_sql_methods
from fleet_platform.sql_methods.methods import Method, Methods

__all__ = [
    "AmbiguousCall",
    "BadArguments",
    "Config",
    "ConfigProblem",
    "FunctionChanged",
    "FunctionGone",
    "Method",
    "Methods",
    "SqlMethods",
    "TooManyTransactions",
    "TransactionFailed",
    "UnknownFunction",
    "UnknownTransaction",
    "UnusableFunction",
    "expose_sql_methods",
]
