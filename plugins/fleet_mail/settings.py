"""Settings of the plugin, and the form in which the predecessor's clients know them. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from plugin_sdk import JSONObject

Tls: TypeAlias = Literal["starttls", "tls", "none"]

Host = Annotated[str, Field(max_length=255, pattern=r"^[\w.:-]*$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class MailSettings(BaseModel):
    """Settings of the plugin ``mail``."""

    sending: bool = Field(default=True, title="Send mail", description="Off: every mail is refused.")
    host: Host = Field(default="", title="Server", description="Name of the SMTP server; empty: no mail.")
    port: Port = Field(default=587, title="Port", description="587 for starttls, 465 for tls.")
    tls: Tls = Field(
        default="starttls",
        title="Encryption",
        description="starttls: asked for before anything else. tls: from the first byte. none: in clear.",
    )
    verify_certificate: bool = Field(
        default=True, title="Check the certificate", description="Off only for a server with a certificate of its own."
    )
    username: str = Field(default="", max_length=320, title="User name", description="Empty: without a login.")
    password: SecretStr = Field(default=SecretStr(""), title="Password", description="Never shown.")
    from_address: str = Field(
        default="", max_length=320, title="Sender", description="From whom mails are that name no sender."
    )
    timeout_s: float = Field(
        default=20.0, ge=0.1, le=60, title="Time-out", description="For one mail from connecting to the last answer."
    )


class Auth(BaseModel):
    """Name and password at the server."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    user: Annotated[str, Field(max_length=320)] = ""
    # None: as it is
    password: SecretStr | None = Field(default=None, alias="pass")


class Tolerance(BaseModel):
    """The one option about certificates."""

    reject_unauthorized: bool = Field(default=True, alias="rejectUnauthorized")


class Transport(BaseModel):
    """An SMTP server as nodemailer describes it; options that mean nothing here are refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    host: Annotated[Host, Field(min_length=1)]
    port: Port | None = None
    secure: bool = False
    require_tls: bool | None = Field(default=None, alias="requireTLS")
    ignore_tls: bool = Field(default=False, alias="ignoreTLS")
    auth: Auth | None = None
    tls: Tolerance = Tolerance()


class MailConfig(BaseModel):
    """What ``Mail.SetConfig`` takes."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    enable: bool | None = None
    transport: Transport | None = None
    sender: Annotated[str, Field(max_length=320)] | None = Field(default=None, alias="from")


def patch_of(config: MailConfig, present: MailSettings) -> JSONObject:
    """What to change in the plugin's settings.

    A password belongs to its server: where another one is named, it goes, unless a new one is given. Else whoever may
    change settings could have the password sent to a server of their own.
    """
    patch: JSONObject = {}
    if config.enable is not None:
        patch["sending"] = config.enable
    if config.sender is not None:
        patch["from_address"] = config.sender
    if config.transport is not None:
        patch.update(_transport(config.transport, present))
    return patch


def _transport(transport: Transport, present: MailSettings) -> JSONObject:
    tls: Tls = "tls" if transport.secure else "none" if transport.ignore_tls else "starttls"
    auth = transport.auth
    patch: JSONObject = {
        "host": transport.host,
        "port": transport.port or (465 if tls == "tls" else 587),
        "tls": tls,
        "verify_certificate": transport.tls.reject_unauthorized,
        "username": auth.user if auth else "",
    }
    moved = (patch["host"].lower(), patch["port"]) != (present.host.lower(), present.port)
    weaker = (tls == "none" and present.tls != "none") or (
        present.verify_certificate and not transport.tls.reject_unauthorized
    )
    if auth is not None and auth.password is not None:
        patch["password"] = auth.password.get_secret_value()
    elif auth is None or moved or weaker:
        patch["password"] = ""
    return patch


def shown(settings: MailSettings) -> JSONObject:
    """``{enable, from, transport: {host, port, secure, auth: {user}}}``, without the password."""
    config: JSONObject = {"enable": settings.sending and bool(settings.host), "from": settings.from_address}
    if settings.host:
        transport: dict[str, Any] = {
            "host": settings.host,
            "port": settings.port,
            "secure": settings.tls == "tls",
            "ignoreTLS": settings.tls == "none",
            "tls": {"rejectUnauthorized": settings.verify_certificate},
        }
        if settings.username:
            transport["auth"] = {"user": settings.username}
        config["transport"] = transport
    return config
