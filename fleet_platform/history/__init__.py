"""What devices measured, kept: taken from notifications, written in batches, spooled while the database is away.

``sampler`` takes numbers on the hot path, ``writer`` writes them behind it, ``spool`` keeps what the database cannot
take now, ``upkeep`` looks after partitions and roll-ups. What may be asked is SQL, in the schema ``history``.
"""

from fleet_platform.history.history import History
from fleet_platform.history.writer import HistoryStats

__all__ = ["History", "HistoryStats"]
