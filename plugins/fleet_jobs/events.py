"""Events about jobs. They name no devices but the one they are about: whoever subscribes may see few of a job's."""

from __future__ import annotations

from plugin_sdk import EventType

_FIGURES = {
    "id": "the job",
    "type": "its type",
    "state": "`queued`, `running`, `paused`, `done`, `failed` or `cancelled`",
    "reason": "why, for people, or null",
    "total": "how many devices it has",
    "done": "how many are done",
    "failed": "how many failed",
    "skipped": "with how many there was nothing to do",
    "left": "how many are not finished",
}

EVENTS: tuple[EventType, ...] = (
    EventType(
        name="Job.Progress",
        summary="A job is further, or in another state; at most four times a second for each job.",
        params={**_FIGURES, "running": "how many have their turn now", "waiting": "how many are waited for"},
        permission="job.list",
    ),
    EventType(name="Job.Done", summary="A job is done, failed or cancelled.", params=_FIGURES, permission="job.list"),
    EventType(
        name="Job.DeviceProgress",
        summary="A device of a job is further with what is done on it; at most once a second for each device.",
        params={
            "id": "the job",
            "shellyID": "the device",
            "percent": "how far, or null",
            "text": "what it is doing, for people, or null",
        },
        device=True,
        permission="job.list",
    ),
)
