"""What SQL methods are exposed from, and how: the configuration, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias
from urllib.parse import quote, urlencode

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fleet_platform.sql_methods.errors import ConfigProblem
from fleet_platform.storage.database import Database

Name: TypeAlias = Annotated[str, Field(min_length=1)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]

# What a person typed may be a password in the wrong place, so it is in no error.
_STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True)


class Connection(BaseModel):
    """Where the database is, with the names of node-postgres. What is left out is PostgreSQL's own default.

    Attributes:
        host: Name, address, or folder of a unix socket.
        max: At most so many connections for calls; one more listens.
        ssl: True asks for TLS; text is PostgreSQL's ``sslmode``.
    """

    model_config = _STRICT

    host: Name | None = None
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    user: Name | None = None
    password: str | None = None
    database: Name | None = None
    max: Annotated[int, Field(ge=1, le=1_000)] = 10
    ssl: bool | str | None = None
    application_name: str = "sql-methods"

    def dsn(self) -> str:
        """The same as an address."""
        mode = ("require" if self.ssl else "disable") if isinstance(self.ssl, bool) else self.ssl
        parts = {
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": self.password,
            "sslmode": mode,
            "application_name": self.application_name,
        }
        given = {key: value for key, value in parts.items() if value is not None}
        return f"postgresql:///{quote(self.database or '', safe='')}?{urlencode(given, quote_via=quote)}"


class Link(BaseModel):
    """Which functions are exposed, and as what.

    Attributes:
        schemas: Their schemas; none is exposed that is not named.
        gluePrefix: Text between schema and function in a method's name.
    """

    model_config = _STRICT

    schemas: Annotated[list[Name], Field(min_length=1)]
    gluePrefix: str = "."  # noqa: N815  # the name of the predecessor's configuration


class Config(BaseModel):
    """All there is to say.

    Attributes:
        connection: An address ``postgresql://…``, its parts, a pool of asyncpg's, or the platform's ``Database``. A
            pool that was given stays open when the methods stop.
        channel: The schemas are read again when somebody sends a ``NOTIFY`` to it; takes one connection. None: only
            when ``refresh`` is called.
        call_timeout_s: How long a call may take.
        wait_timeout_s: How long a call waits for a free connection, or for its turn in a transaction.
        tx_timeout_s: A transaction without a call for so long is rolled back.
        max_transactions: At most so many are open, and always one less than connections if there are several.
    """

    model_config = _STRICT

    connection: Connection | Name | asyncpg.Pool | Database
    link: Link
    channel: Name | None = "sql_methods"
    call_timeout_s: Seconds = 30.0
    wait_timeout_s: Seconds = 10.0
    tx_timeout_s: Seconds = 60.0
    max_transactions: Annotated[int, Field(ge=1)] = 4


def check(config: Mapping[str, Any]) -> Config:
    """Check a configuration.

    Raises:
        ConfigProblem: Something in it is unknown or makes no sense; says what, never its value.
    """
    try:
        return Config.model_validate(dict(config))
    except ValidationError as err:
        faults = [
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in err.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise ConfigProblem("; ".join(faults)) from None
