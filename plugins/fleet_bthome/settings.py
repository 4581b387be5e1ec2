"""Settings of the plugin."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

EventName = Annotated[str, Field(min_length=1, max_length=100)]


class BTHomeSettings(BaseModel):
    """Settings of the plugin ``bthome``."""

    events: Annotated[list[EventName], Field(max_length=50)] = Field(
        default=["ble.*", "shelly-blu", "oxley-blu", "oh-blu.*", "bluadv"],
        title="Events of scripts",
        description="Names of events that carry advertisements; a * at the end matches any rest. Empty: none.",
    )
    keep_h: float = Field(
        default=24.0,
        gt=0,
        le=8_760,
        title="Forget beacons after",
        description="Hours without being heard after which a beacon is removed.",
    )
    beacons_per_gateway: int = Field(
        default=100, ge=1, le=700, title="Beacons a gateway", description="Further ones are counted and not shown."
    )
    beacons: int = Field(
        default=5_000, ge=1, le=100_000, title="Beacons in all", description="Further ones are counted and not shown."
    )

    def wants(self, event: str) -> bool:
        """Whether an event of a script carries advertisements."""
        return any(event.startswith(name[:-1]) if name.endswith("*") else event == name for name in self.events)
