"""Energy: what was used when, and what it cost."""
