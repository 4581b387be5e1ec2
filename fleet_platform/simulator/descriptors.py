"""Free file descriptors: one per simulated device, and some for everything else."""

from __future__ import annotations

import resource

_RESERVE = 64


class TooFewDescriptors(RuntimeError):
    """The system allows fewer open files than a fleet needs; the text says how many and what to do."""


def reserve_descriptors(connections: int) -> None:
    """Make sure that so many connections can be open at once, raising the process's soft limit where needed.

    Raises:
        TooFewDescriptors: The hard limit is too low.
    """
    wanted = connections + _RESERVE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise TooFewDescriptors(
            f"{connections} devices need {wanted} open files, but the system allows {hard}; "
            f"raise the limit (ulimit -Hn {wanted}) or simulate fewer"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
