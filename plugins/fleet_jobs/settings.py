"""What an operator may change about jobs."""

from __future__ import annotations

from pydantic import BaseModel, Field


class JobsSettings(BaseModel):
    """Settings of the plugin ``jobs``."""

    concurrency: int = Field(
        default=200, ge=1, le=5_000, title="Devices at a time", description="Over all jobs together."
    )
    rate_per_s: float = Field(
        default=500.0, ge=1, le=10_000, title="Devices begun per second", description="Over all jobs together."
    )
    unfinished_jobs: int = Field(
        default=100, ge=1, le=1_000, title="Unfinished jobs", description="Further ones are refused."
    )
    unfinished_devices: int = Field(
        default=250_000,
        ge=1,
        le=1_000_000,
        title="Devices of unfinished jobs",
        description="Jobs that would make them more are refused.",
    )
    keep_jobs: int = Field(
        default=1_000, ge=0, le=100_000, title="Finished jobs kept", description="Older ones are deleted."
    )
    keep_days: float = Field(
        default=90.0, gt=0, le=3_650, title="Days finished jobs are kept", description="Then they are deleted."
    )
