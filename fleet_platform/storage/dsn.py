"""What may be said about a DSN: where the database is and why it cannot be used, never the password."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

from fleet_platform.storage.problems import DatabaseUnreachable


def check(dsn: str) -> None:
    """Refuse a DSN whose parts cannot be told apart.

    Raises:
        DatabaseUnreachable: It is no address of PostgreSQL, or a special character in it is not encoded.
    """
    parts = urlsplit(dsn)
    if parts.scheme not in ("postgres", "postgresql"):
        detail = "the DSN must start with postgresql://"
        raise DatabaseUnreachable(detail)
    try:
        _ = parts.port
        torn = "@" in parts.path or "@" in parts.fragment or bool(parts.fragment)
    except ValueError:
        torn = True
    if torn or parts.netloc.count("@") > 1:
        detail = "the DSN cannot be read; special characters in user and password must be percent-encoded (%40 for @)"
        raise DatabaseUnreachable(detail)


def location(dsn: str) -> str:
    """``the database fleet at db.example:5432``, for people."""
    parts, query = urlsplit(dsn), parse_qs(urlsplit(dsn).query)
    host = (query.get("host") or [parts.netloc.rpartition("@")[2]])[0] or "the default address"
    return f"the database {unquote(parts.path.lstrip('/')) or '(default)'} at {host}"


def reason(dsn: str, error: BaseException) -> str:
    """Why a connection failed, for people."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    text = str(error) or type(error).__name__
    for secret in _secrets(dsn):
        text = text.replace(secret, "***")
    return text


def _secrets(dsn: str) -> set[str]:
    parts = urlsplit(dsn)
    written = [parts.password or "", *parse_qs(parts.query).get("password", [])]
    return {form for text in written for form in (text, unquote(text)) if form}
