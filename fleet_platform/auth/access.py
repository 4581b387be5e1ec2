"""The one answer that all policies give together.

Pure, and nothing is remembered between two questions: a policy whose facts have changed is heard with the next
request. Default is no; one ``deny`` wins over any number of ``allow``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from plugin_sdk import Decision, DeviceId, Policy, Principal
from plugin_sdk.errors import PermissionDenied

logger = logging.getLogger(__name__)

COMPLAINT_INTERVAL_S = 60.0

_DECISIONS = ("allow", None, "deny")


class Access:
    """The policies in force. Replaced as a whole when plugins change.

    Args:
        policies: All of them; their order means nothing.
        clock: Seconds that only grow; paces the log.
    """

    def __init__(self, policies: Sequence[Policy], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._policies = tuple(policies)
        self._clock = clock
        self._quiet_until: dict[str, float] = {}

    def allows(self, principal: Principal, permission: str, device: DeviceId | None = None) -> bool:
        """Whether a principal has a permission.

        Args:
            permission: ``device.list``, ``switch.set``; in any case.
            device: The device it is about, or None where it is about no single one.
        """
        permission = permission.lower()
        allowed = False
        for policy in self._policies:
            # As in _ask, without its call: lists ask about thousands of devices.
            try:
                decision = policy.decide(principal, permission, device)
            except Exception as error:  # a policy may be anybody's code; a broken one opens no door
                self._complain(policy, error)
                return False
            if decision == "allow":
                allowed = True
            elif decision is not None:
                self._judge(policy, decision)
                return False
        return allowed

    def require(self, principal: Principal, permission: str, device: DeviceId | None = None) -> None:
        """Refuse what is not allowed.

        Raises:
            PermissionDenied: The principal lacks the permission, which the error names.
        """
        if not self.allows(principal, permission, device):
            raise PermissionDenied(permission=permission.lower())

    def explain(
        self, principal: Principal, permission: str, device: DeviceId | None = None
    ) -> list[tuple[str, Decision]]:
        """What each policy says, by name, in no order that matters; None is no opinion."""
        permission = permission.lower()
        return [(policy.name, self._ask(policy, principal, permission, device)) for policy in self._policies]

    def _ask(self, policy: Policy, principal: Principal, permission: str, device: DeviceId | None) -> Decision:
        try:
            decision = policy.decide(principal, permission, device)
        except Exception as error:  # a policy may be anybody's code; a broken one opens no door
            self._complain(policy, error)
            return "deny"
        return self._judge(policy, decision)

    def _judge(self, policy: Policy, decision: Decision) -> Decision:
        """A decision as it counts: what is none is a refusal."""
        if decision in _DECISIONS:
            return decision
        self._complain(policy, TypeError(f"a decision cannot be of type {type(decision).__name__}"))
        return "deny"

    def _complain(self, policy: Policy, error: Exception) -> None:
        now = self._clock()
        if now >= self._quiet_until.get(policy.name, now):
            self._quiet_until[policy.name] = now + COMPLAINT_INTERVAL_S
            logger.error("policy %s failed, which counts as a refusal", policy.name, exc_info=error)
