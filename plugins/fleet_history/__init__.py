"""What devices measured and used: questions about the history, energy and its price, records of meters."""

from fleet_history.plugin import History

__all__ = ["History"]
