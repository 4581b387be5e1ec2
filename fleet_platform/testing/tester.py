"""The user who runs the tests, brought by a plugin like any other user."""

from __future__ import annotations

import secrets

from importlib_metadata import EntryPoint

from fleet_platform.host.discovery import GROUP
from plugin_sdk import AuthProvider, Decision, DeviceId, Policy, Principal, hookimpl

PROVIDER = "tester"
TOKEN = f"tester.{secrets.token_urlsafe(24)}"
"""Made anew by each test run."""

ENTRY_POINT = EntryPoint(name=PROVIDER, value=f"{__name__}:Tester", group=GROUP)


class Tester:
    """Vouches for who has the token, and lets it do everything."""

    @hookimpl
    def fleet_register_auth(self) -> list[AuthProvider]:
        """One provider of one user."""
        return [AuthProvider(name=PROVIDER, verify_token=self._verify, find=self._find)]

    @hookimpl
    def fleet_register_policies(self) -> list[Policy]:
        """One policy for that user."""
        return [Policy(name="tester", decide=self._decide)]

    async def _verify(self, token: str) -> Principal | None:
        if not secrets.compare_digest(token.encode(), TOKEN.encode()):
            return None
        return await self._find("tester")

    async def _find(self, name: str) -> Principal | None:
        return Principal(name=name, provider=PROVIDER, groups=frozenset({"admin"})) if name == "tester" else None

    def _decide(self, principal: Principal, _permission: str, _device: DeviceId | None) -> Decision:
        return "allow" if principal.provider == PROVIDER else None
