"""A job's results as a file: ``/plugin/jobs/results.csv?id=7``."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from fleet_jobs.methods import LIST_ALL, Running, is_known
from plugin_sdk import Principal
from plugin_sdk.errors import Unavailable


class Download:
    """Serves results, streamed: no file is too long for it."""

    def __init__(self, running: Callable[[], Running]) -> None:
        self._running = running

    async def serve(self, request: web.Request, principal: Principal) -> web.StreamResponse:
        """The whole of a job's results, for its owner and for whoever may see all jobs."""
        number = request.query.get("id", "")
        if not number.isdecimal() or len(number) > 15:
            return web.json_response({"error": "name a job: ?id=7"}, status=400)
        try:
            running = self._running()
            job = await running.store.get(int(number))
        except Unavailable:
            return web.json_response({"error": "the database is away"}, status=503)
        if job is None or not (job.is_of(principal) or running.fleet.allows(principal, LIST_ALL)):
            return web.json_response({"error": "there is no such job"}, status=404)
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/csv; charset=utf-8",
                "Content-Disposition": f'attachment; filename="job-{job.id}.csv"',
                "Cache-Control": "no-store",
            }
        )
        await response.prepare(request)
        async for piece in running.results.csv(job, principal, known=is_known(running.fleet, job.type)):
            await response.write(piece.encode())
        await response.write_eof()
        return response
