"""Whom devices trust when they speak TLS, by an ``ssl_ca`` of the API.

Source: Shelly Gen2+ API, "Shelly.PutUserCA" and "Outbound websocket".
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import lru_cache

from plugin_sdk import JSON

USER_CA = "user_ca.pem"
ANYBODY = "*"


def trusted(files: Mapping[str, JSON], ssl_ca: JSON) -> str | None:
    """What :func:`context` takes: ``*`` for any certificate, the PEM of the device's own file, or None.

    Args:
        files: What was uploaded to the device.
    """
    if ssl_ca == USER_CA:
        return str(files.get(USER_CA, ""))  # without a file nobody is trusted
    return ANYBODY if ssl_ca == ANYBODY else None


@lru_cache(maxsize=16)
def context(trust: str | None) -> ssl.SSLContext:
    """TLS that trusts any certificate (``*``), a PEM, nobody (empty), or whom the system trusts (None).

    Raises:
        ssl.SSLError: The PEM holds no certificate.
    """
    if trust is None:
        return ssl.create_default_context()
    # Not ``create_default_context``: without a file that trusts whom the system trusts, where a device trusts nobody.
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trust == ANYBODY:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    elif trust:
        # Remarks between certificates may hold any letters; Python takes ASCII only.
        made.load_verify_locations(cadata=trust.encode("ascii", "replace").decode())
    return made
