"""Long work on many devices as durable jobs."""

from fleet_jobs.plugin import Jobs

__all__ = ["Jobs"]
