"""What can go wrong for a client.

::

    RpcError                      the platform or a device answered with an error
    ConnectionError (built in)
    ├── Unreachable               no connection could be made
    │   └── NotSignedIn           credentials are missing, wrong or expired
    └── ConnectionLost            the connection ended before the reply came; the call may have had its effect
    TimeoutError (built in)       no reply in time
"""

from __future__ import annotations

import os
from typing import Any

INTERNAL = -32603


class RpcError(Exception):
    """An error reply.

    Attributes:
        code: JSON-RPC error code.
        message: The error's text.
        data: What a program needs to act on it; may be None.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message
        self.data = data

    @classmethod
    def decode(cls, error: Any) -> RpcError:
        """From the ``error`` member of a reply, however malformed."""
        if not isinstance(error, dict):
            return cls(INTERNAL, "an error without description")
        code = error.get("code")
        return cls(code if isinstance(code, int) else INTERNAL, str(error.get("message", "")), error.get("data"))


class Unreachable(ConnectionError):
    """No connection could be made; the text says to what and why."""


def unreachable(url: str, cause: BaseException) -> Unreachable:
    """Say in plain words why an address cannot be reached."""
    if isinstance(cause, TimeoutError):
        reason = "no answer in time"
    elif isinstance(cause, OSError) and cause.errno is not None:
        # the resolver's own numbers are negative
        reason = os.strerror(cause.errno).lower() if cause.errno > 0 else f"{cause.strerror}".lower()
    else:
        reason = str(cause)
    return Unreachable(f"{url} cannot be reached: {reason}")


class NotSignedIn(Unreachable):
    """The platform does not accept the credentials, or there are none."""


class ConnectionLost(ConnectionError):
    """The connection ended before the reply came."""
