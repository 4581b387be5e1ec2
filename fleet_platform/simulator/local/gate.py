"""Who may call a device over its own network: nobody is asked unless it has a password.

Firmware before 2.0 names the time as its nonce and keeps no account of it: over HTTP it takes one for an hour, in
frames it takes any. From 2.0 on it keeps an account (see :mod:`~fleet_platform.simulator.local.nonces`). A Wall
Display's firmware has numbers of its own and does as the old ones.

Source: Shelly Gen2+ API, "Authentication"; protocol reference A4; Mongoose OS, which firmware before 2.0 is built on
(``mgos_rpc.c``, ``mg_rpc_channel_http.c``, ``mg_http_check_digest_auth``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from fleet_platform.simulator.device.firmware import is_wall_display, release_of
from fleet_platform.simulator.local.digest import USER, Credentials
from fleet_platform.simulator.local.nonces import Nonces
from plugin_sdk import JSON, JSONObject

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_FREE = ("shelly.getdeviceinfo",)
_OLD_LIFE_S = 3_600
_MODERN, _STRICT = (2, 0), (1, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a call is not served, and what would help.

    Attributes:
        code: 401, 403 or 429, both as HTTP status and as error code in a frame.
        realm: The device's id, where credentials would help.
        nonce: What they would have to be made with: a number (the time) or an opaque text.
        stale: Whether the password was right, but the nonce is used up.
        count: What the first request with that nonce must count; a Wall Display spells it as text.
    """

    code: int
    realm: str = ""
    nonce: int | str = ""
    stale: bool = False
    count: int | str = 1

    @property
    def header(self) -> str:
        """Value of ``WWW-Authenticate``."""
        nonce = f"{self.nonce:x}" if isinstance(self.nonce, int) else self.nonce
        stale = ", stale=true" if self.stale else ""
        return f'Digest qop="auth", realm="{self.realm}", nonce="{nonce}", algorithm=SHA-256{stale}'

    @property
    def error(self) -> JSONObject:
        """The error of a frame; a challenge is a text of JSON inside it."""
        return {"code": self.code, "message": self._message()}

    def _message(self) -> str:
        if self.code == 429:
            return "Too many failed authentication attempts"
        if self.code == 403:
            return "unauthorized"
        challenge: JSONObject = {"auth_type": "digest", "nonce": self.nonce, "nc": self.count, "realm": self.realm}
        challenge["algorithm"] = "SHA-256"
        if self.stale:
            challenge["stale"] = True
        return orjson.dumps(challenge).decode()


def is_free(method: str) -> bool:
    """Whether a method is served to anybody."""
    return method.lower() in _FREE


class Gate:
    """One device's gatekeeper.

    Args:
        device: Whose.
        window_s: See :attr:`~fleet_platform.simulator.local.options.LocalOptions.setup_window_s`.
    """

    __slots__ = ("_device", "_nonces", "_window_s")

    def __init__(self, device: Machine, window_s: float | None) -> None:
        self._device = device
        self._window_s = window_s
        self._nonces: Nonces | None = None

    @property
    def closed(self) -> bool:
        """Whether the device has a password."""
        return self._device.stores.ha1 is not None

    def forget(self) -> None:
        """The device restarts: nonces are lost."""
        self._nonces = None

    def check(self, method: str, credentials: Credentials | None) -> Refusal | None:
        """Whether a call may be served; None if it may."""
        if is_free(method):
            return None
        if not self.closed:
            return Refusal(code=403) if self._is_shut() else None
        if credentials is None or not self._is_proof(credentials):
            return self._challenge(stale=False)
        return None if self._use(credentials) else self._challenge(stale=self._is_since(_MODERN))

    def knows(self, credentials: Credentials | None) -> bool:
        """Whether the sender has proved that it knows the password; uses the credentials up as a call does."""
        return credentials is not None and self._is_proof(credentials) and self._use(credentials)

    def _is_proof(self, credentials: Credentials) -> bool:
        device = self._device
        ha1, named = device.stores.ha1, (credentials.username, credentials.realm)
        return ha1 is not None and named == (USER, device.id) and credentials.prove(ha1)

    def _use(self, credentials: Credentials) -> bool:
        """Whether their nonce is good; one with an account counts it as used."""
        if self._is_since(_MODERN):
            return self._account().use(credentials.nonce, credentials.count, self._device.world.wheel.now())
        return not credentials.by_header or self._is_fresh(credentials.nonce)

    def _challenge(self, *, stale: bool) -> Refusal:
        device = self._device
        nonce: JSON = int(device.now())
        if self._is_since(_MODERN):
            nonce = self._account().issue(device.world.wheel.now())
        if nonce is None:
            return Refusal(code=429)
        count = "1" if self._is_wall_display() else 1
        return Refusal(code=401, realm=device.id, nonce=nonce, stale=stale, count=count)

    def _is_fresh(self, nonce: str) -> bool:
        try:
            age_s = self._device.now() - int(nonce, 16)
        except (ValueError, OverflowError):
            return False
        return -1 < age_s <= _OLD_LIFE_S

    def _is_shut(self) -> bool:
        return self._window_s is not None and self._is_since(_STRICT) and self._device.uptime_s() > self._window_s

    def _account(self) -> Nonces:
        if self._nonces is None:
            self._nonces = Nonces()
        return self._nonces

    def _is_wall_display(self) -> bool:
        return is_wall_display(str(self._device.state.info.get("app", "")))

    def _is_since(self, version: tuple[int, int]) -> bool:
        return not self._is_wall_display() and release_of(str(self._device.state.info.get("ver", ""))) >= version
