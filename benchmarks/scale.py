"""How much a run measures: enough to trust, or just enough to see that it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Size of a run. The figures mean something at the defaults only.

    Attributes:
        seconds: Length of each measured stretch.
        quiet_s: A server that asks its devices nothing for so long knows them all.
        attempts: How often a stretch is measured at most while other processes disturb it.
        devices: Devices that report, in the figures about messages.
        clients: Subscribed clients of the fan-out.
        crowd: Devices that are merely there, in the figures about memory and the storm.
        simulated: Devices of the simulator, in the figure about its memory.
        ingest_rates: Messages a second at which the cost of one is measured.
        ladder: Messages a second tried for the highest rate without loss, rising.
        fanout_rate: Messages a second that are fanned out.
    """

    seconds: float = 4.0
    quiet_s: float = 1.0
    attempts: int = 3
    devices: int = 500
    clients: int = 10
    crowd: int = 5_000
    simulated: int = 10_000
    ingest_rates: tuple[int, ...] = (3_000, 8_000)
    ladder: tuple[int, ...] = (10_000, 12_500, 15_000, 17_500, 20_000, 25_000)
    fanout_rate: int = 3_000


SHORT = Scale(
    seconds=0.5,
    quiet_s=0.2,
    attempts=1,
    devices=20,
    clients=3,
    crowd=60,
    simulated=100,
    ingest_rates=(500,),
    ladder=(1_000,),
    fanout_rate=300,
)
"""Only to see that it works."""
