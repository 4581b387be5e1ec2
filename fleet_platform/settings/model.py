"""All settings of the platform with their types, bounds, defaults and meaning.

Constructing :class:`PlatformSettings` reads nothing but its arguments, so that two platforms in one process never
share a value by accident; :func:`fleet_platform.settings.load` reads files and environment.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ByteSize, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

SYSTEM_DATA_FOLDER = Path("/var/lib/fleet-platform")


def default_data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The system's folder for root, the user's own for anybody else, whatever ``HOME`` says.

    Source: XDG Base Directory Specification (a relative ``XDG_DATA_HOME`` is ignored).
    """
    if os.geteuid() == 0:
        return SYSTEM_DATA_FOLDER
    shared = Path(environ.get("XDG_DATA_HOME", ""))
    if not shared.is_absolute():
        shared = home_folder(environ) / ".local" / "share"
    return shared / "fleet-platform"


def home_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's home; the working folder for a user that has none (containers run as bare numbers)."""
    if environ.get("HOME"):
        return Path(environ["HOME"])
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError:
        return Path.cwd()


def absolute(folder: Path) -> Path:
    """A folder as it is used, with ``~`` for the user's home."""
    if folder.parts[:1] == ("~",):
        folder = home_folder().joinpath(*folder.parts[1:])
    return folder.absolute()


def _split(value: Any) -> Any:
    """Flags and environment give lists as ``a, b``."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _network(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return ip_network(value, strict=False)
    except ValueError as error:
        message = "should be an address or a network such as 10.0.0.0/8"
        raise ValueError(message) from error


Bytes = Annotated[ByteSize, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Days = Annotated[int, Field(ge=2, le=36_500)]
Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]

MIB = 1024 * 1024


class PlatformSettings(BaseSettings):
    """Values the platform runs with; frozen. Sizes are bytes, times are seconds."""

    model_config = SettingsConfigDict(
        env_prefix="FLEET_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        enable_decoding=False,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    data: Path = Field(
        default_factory=default_data_folder,
        description="Folder for everything that is kept: the embedded database and keys.",
        json_schema_extra={"default": f"{SYSTEM_DATA_FOLDER} for root, else ~/.local/share/fleet-platform"},
    )
    dsn: SecretStr | None = Field(
        default=None,
        description="PostgreSQL to use, such as postgresql://fleet:secret@db/fleet; "
        "without it an embedded server is started in the data folder.",
    )
    host: str = Field(
        default="0.0.0.0",  # noqa: S104  # devices on the network must reach it; every client signs in
        min_length=1,
        description="Address to listen on; a demo listens on 127.0.0.1 unless this is set.",
    )
    port: int = Field(default=7011, ge=0, le=65535, description="TCP port to listen on; 0 takes any free one.")
    allowed_origins: Names = Field(
        default=(),
        description="Origins of other web pages that may use a signed-in browser, such as https://panel.example.",
    )
    trusted_proxies: Annotated[tuple[Network, ...], BeforeValidator(_split)] = Field(
        default=(),
        description="Networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    )

    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        default="info", description="Least severity that is logged."
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower)] = Field(
        default="text", description="text for people, json for machines: one object a line."
    )

    disabled_plugins: Names = Field(default=(), description="Names of plugins that are not started.")
    plugins: Mapping[str, Mapping[str, Any]] = Field(
        default_factory=dict,
        description="Settings of plugins by plugin name and field; each plugin documents its own.",
        json_schema_extra={"default": "what each plugin says"},
    )

    handshake_timeout_s: Seconds = Field(
        default=30, description="How long a device may take from connecting to its first full status."
    )
    ping_interval_s: Seconds = Field(
        default=30, description="Interval of websocket pings; a peer that answers none of three is disconnected."
    )
    device_frame_bytes: Bytes = Field(default=ByteSize(MIB), description="Largest message accepted from a device.")
    client_frame_bytes: Bytes = Field(default=ByteSize(4 * MIB), description="Largest message accepted from a client.")

    call_timeout_s: Seconds = Field(default=15, description="How long a device may take to answer a call.")
    slow_call_timeout_s: Seconds = Field(
        default=60, description="The same for methods known to be slow, such as those of radio valves."
    )
    calls_in_flight: int = Field(default=3, ge=1, le=100, description="Calls sent to one device at a time.")
    calls_waiting: int = Field(
        default=32, ge=0, description="Calls that may wait for one device; more are answered with Device busy."
    )
    fetch_concurrency: int = Field(
        default=64, ge=1, description="Devices whose settings are read at the same time after they connect."
    )

    ring_bytes: Bytes = Field(
        default=ByteSize(64 * MIB), description="Memory for past events, from which a client resumes."
    )
    ring_age_s: Seconds = Field(default=300, description="How long past events are kept for that.")
    outbox_events: int = Field(
        default=10_000, ge=256, description="Events that may wait for one slow client before it is cut off."
    )
    outbox_bytes: Bytes = Field(default=ByteSize(16 * MIB), description="The same in bytes.")

    write_interval_s: Seconds = Field(default=1.0, description="How often changed devices are written to the database.")

    history_spool_bytes: Bytes = Field(
        default=ByteSize(1024 * MIB),
        description="Size of the files that keep what is measured while the database is away; the oldest goes first.",
    )
    history_raw_days: Days = Field(default=14, description="How long samples are kept as they came.")
    history_minute_days: Days = Field(default=30, description="How long they are kept by the minute.")
    history_quarter_days: Days = Field(default=730, description="How long they are kept by the quarter of an hour.")
    history_hour_days: Days = Field(
        default=3650, description="How long they are kept by the hour; by the day they are kept for ever."
    )
    journal_days: Days = Field(default=90, description="How long it is kept what happened to devices.")

    @field_validator("data", mode="after")
    @classmethod
    def _expand(cls, folder: Path) -> Path:
        return absolute(folder)

    @field_validator("dsn", mode="after")
    @classmethod
    def _check_dsn(cls, dsn: SecretStr | None) -> SecretStr | None:
        if dsn is not None and not dsn.get_secret_value().startswith(("postgresql://", "postgres://")):
            message = "should start with postgresql://"
            raise ValueError(message)
        return dsn

    @classmethod
    def settings_customise_sources(  # the signature is pydantic's
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments alone; see the module's docstring."""
        return (init_settings,)
