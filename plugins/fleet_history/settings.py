"""What an operator may change."""

from __future__ import annotations

from pydantic import BaseModel, Field


class HistorySettings(BaseModel):
    """Settings of the plugin ``history``."""

    time_zone: str = Field(
        default="",
        max_length=64,
        title="Time zone",
        description="Whose days and months count where a question names none; empty for the zone of its first device.",
    )
    backfill_days: float = Field(
        default=90.0,
        ge=0,
        le=400,
        title="Days read back",
        description="How far back records of energy meters are read; 0 reads none.",
    )
    backfill_at_once: int = Field(
        default=4, ge=1, le=50, title="Meters read at a time", description="Over the whole fleet."
    )
    backfill_rate_per_s: float = Field(
        default=10.0, gt=0, le=1_000, title="Pages read per second", description="Over the whole fleet."
    )
