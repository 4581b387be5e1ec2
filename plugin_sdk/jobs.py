"""Types of jobs: long work on many devices, which the plugin ``jobs`` does one device after the other.

A plugin contributes one with ``Service(interface="job_type", name="reboot", implementation=JobType(…))``. Rows, limits,
rights, restarts and results are the business of whoever runs jobs; a type says what is done on one device.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from plugin_sdk.components import Parameter
from plugin_sdk.values import JSON, JSONObject, Principal

if TYPE_CHECKING:
    from plugin_sdk.fleet import Fleet

INTERFACE = "job_type"
"""Interface of the services that are job types."""

Offline: TypeAlias = Literal["wait", "fail", "run"]
"""What is done about a device that cannot be called now."""


class SkipDevice(Exception):
    """Raised by a job type where there is nothing to do on a device; its text is the reason, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStep:
    """One device's turn in a job.

    Attributes:
        fleet: The platform, as whoever runs the job sees it.
        job: Number of the job.
        device: The device's id.
        params: Parameters of the job.
        on_behalf_of: The job's owner, as its auth provider knows it now.
        tell: ``tell(percent, text)`` shows how far it is; either may be None. Cheap: what is too fast is left out.
    """

    fleet: Fleet
    job: int
    device: str
    params: JSONObject
    on_behalf_of: Principal
    tell: Callable[[float | None, str | None], None]

    async def call(
        self, method: str, params: Mapping[str, JSON] | None = None, *, timeout_s: float | None = None
    ) -> JSON:
        """Call a method of the device with the owner's rights. Raises as :meth:`plugin_sdk.Fleet.call` does."""
        return await self.fleet.call(self.device, method, params, timeout_s=timeout_s, on_behalf_of=self.on_behalf_of)


def _anything(_params: JSONObject) -> None:
    """Accepts all parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobType:
    """What a job can do on a device.

    Attributes:
        title: For people: ``Update firmware``.
        run: Does it on one device and returns a JSON result. A ``FleetError`` is the device's error,
            :class:`SkipDevice` says that there was nothing to do. Cancelled when the platform stops.
        permission: From the job's parameters to what its owner must be allowed on each device; asked when the
            device's turn comes.
        check: Raises ``InvalidParams`` for parameters that do not fit, before the job is made.
        parameters: For forms: name to what it may be.
        idempotent: Doing it twice does no harm, so a device whose turn was interrupted is done again.
        concurrency: Devices at a time, unless the job says otherwise.
        timeout_s: Deadline of one device's turn.
        needs_online: About a device that is offline or asleep: ``wait`` until it is there, ``fail`` at once, or
            ``run`` all the same. A job may say otherwise.
        known: Its targets are devices of the fleet; where False, any ids (devices in the waiting room).
    """

    title: str
    run: Callable[[JobStep], Awaitable[JSON]]
    permission: Callable[[JSONObject], str]
    check: Callable[[JSONObject], None] = _anything
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    idempotent: bool = False
    concurrency: int = 20
    timeout_s: float = 60.0
    needs_online: Offline = "fail"
    known: bool = True
