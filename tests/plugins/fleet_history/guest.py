"""A plugin that brings a guest, who may call everything but see one kind of device only."""

from __future__ import annotations

from plugin_sdk import AuthProvider, Decision, DeviceId, Policy, Principal, hookimpl

TOKEN = "token-of-the-guest"


class Guest:
    @hookimpl
    def fleet_register_auth(self) -> list[AuthProvider]:
        return [AuthProvider(name="guest", verify_token=self._verify)]

    @hookimpl
    def fleet_register_policies(self) -> list[Policy]:
        return [Policy(name="guest", decide=self._decide)]

    async def _verify(self, token: str) -> Principal | None:
        return Principal(name="guest", provider="guest") if token == TOKEN else None

    def _decide(self, principal: Principal, _permission: str, device: DeviceId | None) -> Decision:
        if principal.provider != "guest":
            return None
        return "allow" if device is None or device.startswith("shellyplus1pm") else "deny"
