"""Jobs in the database. Every method may raise ``Unavailable`` while it is away; each is one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fleet_jobs.values import FAILED, Counts, Job, Outcome, State, Turn, job_of, to_text
from plugin_sdk import JSONObject, Principal, Sql

_SLICE = 1_000
"""Rows read in one go, so that nobody waits long for the event loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job that is to be made; members as in :class:`Job`."""

    owner: Principal
    type: str
    name: str
    params: JSONObject
    devices: Sequence[str]
    concurrency: int
    rate_per_s: float | None
    offline: str
    idempotency_key: str | None
    not_before: datetime | None
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A device's turn that ended, to be written."""

    job: int
    turn: Turn
    outcome: Outcome


class Store:
    """Reads and writes jobs."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    # ---- making and finding -------------------------------------------------------------------------------

    async def add(self, new: NewJob) -> int | None:
        """Make a job with all its devices; None if the owner has one with that key."""
        rows = await self._sql.fetch(
            """
            WITH made AS (
                INSERT INTO job (owner, provider, type, name, params, concurrency, rate_per_s, offline,
                                 idempotency_key, not_before, expires, stamp, total)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
                ON CONFLICT (provider, owner, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
                RETURNING id
            ), devices AS (
                INSERT INTO job_device (job, position, device)
                SELECT made.id, listed.position, listed.device
                FROM made, unnest(string_to_array($14, E'\n')) WITH ORDINALITY AS listed (device, position)
            )
            SELECT id FROM made
            """,
            new.owner.name,
            new.owner.provider,
            new.type,
            new.name,
            to_text(new.params),
            new.concurrency,
            new.rate_per_s,
            new.offline,
            new.idempotency_key,
            new.not_before,
            new.expires,
            new.owner.stamp,
            len(new.devices),
            # One text: a list of 100,000 holds up the event loop while it is encoded. Ids have no control characters.
            "\n".join(new.devices),
        )
        return int(rows[0]["id"]) if rows else None

    async def get(self, job: int) -> Job | None:
        """A job by its number."""
        rows = await self._sql.fetch("SELECT * FROM job WHERE id = $1", job)
        return job_of(rows[0]) if rows else None

    async def by_key(self, owner: Principal, key: str) -> Job | None:
        """A job by its owner and idempotency key."""
        rows = await self._sql.fetch(
            "SELECT * FROM job WHERE provider = $1 AND owner = $2 AND idempotency_key = $3",
            owner.provider,
            owner.name,
            key,
        )
        return job_of(rows[0]) if rows else None

    async def page(
        self, owner: Principal | None, states: Sequence[str], kind: str | None, before: int | None, limit: int
    ) -> list[Job]:
        """Jobs of an owner, or of all, newest first, without parameters; of some states and a type, if any is named."""
        rows = await self._sql.fetch(
            """
            SELECT * FROM job_summary
            WHERE ($1::text IS NULL OR (owner = $1 AND provider = $2))
              AND (cardinality($3::text[]) = 0 OR state = ANY ($3::text[]))
              AND ($4::text IS NULL OR type = $4)
              AND ($5::bigint IS NULL OR id < $5)
            ORDER BY id DESC LIMIT $6
            """,
            owner and owner.name,
            owner and owner.provider,
            list(states),
            kind,
            before,
            limit,
        )
        return [job_of(row) for row in rows]

    async def unfinished(self) -> tuple[int, int]:
        """How many jobs have not ended, and how many devices they have left."""
        [row] = await self._sql.fetch(
            "SELECT count(*) AS jobs, coalesce(sum(total - done - failed - skipped), 0) AS devices"
            " FROM job WHERE ended IS NULL"
        )
        return int(row["jobs"]), int(row["devices"])

    async def runnable(self) -> list[Job]:
        """Jobs that are to be worked on, now or at their time, oldest first, without parameters."""
        rows = await self._sql.fetch(
            "SELECT * FROM job_summary WHERE ended IS NULL AND state IN ('queued', 'running') ORDER BY id"
        )
        return [job_of(row) for row in rows]

    # ---- a job's life -------------------------------------------------------------------------------------

    async def move(self, job: int, to: State, reason: str | None, *, of: Sequence[State]) -> Job | None:
        """Change a job's state if it is one of some; returns the job as it is now, or None if it is in none of them.

        A job that is done, failed or cancelled has ended.
        """
        rows = await self._sql.fetch(
            """
            UPDATE job SET state = $2, reason = $3,
                started = CASE WHEN $2 = 'running' THEN coalesce(started, now()) ELSE started END,
                ended = CASE WHEN $2 IN ('done', 'failed', 'cancelled') THEN now() END
            WHERE id = $1 AND state = ANY ($4::text[])
            RETURNING *
            """,
            job,
            to,
            reason,
            list(of),
        )
        return job_of(rows[0]) if rows else None

    async def recover(self, job: int, *, again: bool) -> None:
        """Devices whose turn was cut off by a stop of the platform have it again, or are marked."""
        await self._sql.execute(
            """
            UPDATE job_device SET
                state = CASE WHEN $2 THEN 'pending' ELSE 'interrupted' END,
                message = CASE WHEN $2 THEN message ELSE 'the platform stopped meanwhile' END,
                ended = CASE WHEN $2 THEN NULL ELSE now() END
            WHERE job = $1 AND state = 'running'
            """,
            job,
            again,
        )

    async def recount(self, job: int) -> Counts:
        """Count a job's devices anew and store the figures."""
        [row] = await self._sql.fetch(
            """
            UPDATE job SET done = c.done, failed = c.failed, skipped = c.skipped FROM (
                SELECT count(*) FILTER (WHERE state = 'done') AS done,
                       count(*) FILTER (WHERE state IN ('failed', 'interrupted')) AS failed,
                       count(*) FILTER (WHERE state = 'skipped') AS skipped
                FROM job_device WHERE job = $1
            ) AS c WHERE id = $1
            RETURNING total, job.done, job.failed, job.skipped
            """,
            job,
        )
        return Counts(**row)

    async def pending(self, job: int) -> AsyncIterator[list[Turn]]:
        """Devices that are still to do, in order, some at a time."""
        after = 0
        while True:
            rows = await self._sql.fetch(
                "SELECT position, device, attempts FROM job_device"
                " WHERE job = $1 AND state = 'pending' AND position > $2 ORDER BY position LIMIT $3",
                job,
                after,
                _SLICE,
            )
            if not rows:
                return
            after = rows[-1]["position"]
            yield [Turn(**row) for row in rows]

    async def begin(self, job: int, turns: Sequence[Turn]) -> None:
        """Devices have their turn now; ``attempts`` is what it is with this one."""
        await self._sql.execute(
            """
            UPDATE job_device AS d SET state = 'running', attempts = t.attempts, started = now(), ended = NULL,
                result = NULL, truncated = false, code = NULL, message = NULL
            FROM unnest($2::int[], $3::int[]) AS t (position, attempts)
            WHERE d.job = $1 AND d.position = t.position
            """,
            job,
            [turn.position for turn in turns],
            [turn.attempts for turn in turns],
        )

    async def write(self, ended: Sequence[Ended], counts: Mapping[int, Counts]) -> None:
        """What came of turns, and the jobs' figures with it."""
        await self._sql.execute(
            """
            WITH turns AS (
                UPDATE job_device AS d SET state = t.state, attempts = t.attempts, result = t.result::json,
                    truncated = t.truncated, code = t.code, message = t.message,
                    ended = CASE WHEN t.state = 'pending' THEN NULL ELSE now() END
                FROM unnest($1::bigint[], $2::int[], $3::text[], $4::int[], $5::text[], $6::bool[], $7::bigint[],
                            $8::text[])
                    AS t (job, position, state, attempts, result, truncated, code, message)
                WHERE d.job = t.job AND d.position = t.position
            )
            UPDATE job SET done = c.done, failed = c.failed, skipped = c.skipped
            FROM unnest($9::bigint[], $10::int[], $11::int[], $12::int[]) AS c (job, done, failed, skipped)
            WHERE id = c.job
            """,
            [each.job for each in ended],
            [each.turn.position for each in ended],
            [each.outcome.state for each in ended],
            [each.turn.attempts for each in ended],
            [each.outcome.result for each in ended],
            [each.outcome.truncated for each in ended],
            [each.outcome.code for each in ended],
            [each.outcome.message for each in ended],
            list(counts),
            [each.done for each in counts.values()],
            [each.failed for each in counts.values()],
            [each.skipped for each in counts.values()],
        )

    async def end_pending(self, job: int, state: str, code: int | None, message: str) -> None:
        """All devices that are still to do end at once."""
        await self._sql.execute(
            "UPDATE job_device SET state = $2, code = $3, message = $4, ended = now()"
            " WHERE job = $1 AND state = 'pending'",
            job,
            state,
            code,
            message,
        )

    async def settle_cancelled(self, working: Sequence[int]) -> AsyncIterator[Job]:
        """End what cancelled jobs have left, but for those that still work; gives those jobs as they are now."""
        rows = await self._sql.fetch(
            "SELECT id FROM job WHERE state = 'cancelled' AND NOT settled AND id <> ALL ($1)",
            list(working),
        )
        for row in rows:
            await self.recover(row["id"], again=False)
            await self.end_pending(row["id"], "skipped", None, "the job was cancelled")
            await self.recount(row["id"])
            if (job := await self.get(row["id"])) is not None:
                yield job

    async def retry(self, job: int, expires: datetime, stamp: str | None) -> Job | None:
        """Make a finished job's failed devices pending and queue the job; None if there is none of either.

        Args:
            stamp: Of the owner now, if it is the owner who asks.
        """
        rows = await self._sql.fetch(
            """
            WITH again AS (
                UPDATE job_device SET state = 'pending', ended = NULL
                WHERE job = (SELECT id FROM job WHERE id = $1 AND settled FOR UPDATE)
                  AND state = ANY ($2::text[])
                RETURNING 1
            )
            UPDATE job SET state = 'queued', reason = NULL, ended = NULL, expires = $3, not_before = NULL,
                failed = greatest(0, failed - (SELECT count(*)::int FROM again)), stamp = coalesce($4, stamp)
            WHERE id = $1 AND settled AND EXISTS (SELECT FROM again)
            RETURNING *
            """,
            job,
            list(FAILED),
            expires,
            stamp,
        )
        return job_of(rows[0]) if rows else None

    async def delete(self, job: int) -> bool:
        """Forget a job that has ended, and all its devices with it."""
        return await self._sql.execute("DELETE FROM job WHERE id = $1 AND settled", job) != "DELETE 0"

    async def prune(self, *, keep: int, days: float) -> None:
        """Forget jobs that ended long ago, and all but the newest."""
        rows = await self._sql.fetch(
            """
            SELECT id FROM (
                SELECT id, ended, row_number() OVER (ORDER BY ended DESC) AS place FROM job WHERE settled
            ) AS listed
            WHERE place > $2 OR ended < now() - make_interval(secs => $1 * 86400)
            """,
            days,
            keep,
        )
        for row in rows:  # one at a time: a thousand jobs of 100,000 devices are more than one statement has time for
            await self.delete(row["id"])

    # ---- results ------------------------------------------------------------------------------------------

    async def results(
        self, job: int, states: Sequence[str], after: int, limit: int, max_bytes: int
    ) -> list[Mapping[str, Any]]:
        """Rows of a job's devices in order, after a position; at least one if there is any, else within the limits."""
        return await self._sql.fetch(
            """
            SELECT * FROM (
                SELECT *, sum(coalesce(length(result::text), 0)) OVER (ORDER BY position) AS size,
                       row_number() OVER (ORDER BY position) AS number
                FROM (
                    SELECT * FROM job_device
                    WHERE job = $1 AND position > $2 AND (cardinality($3::text[]) = 0 OR state = ANY ($3::text[]))
                    ORDER BY position LIMIT $4
                ) AS page
            ) AS sized
            WHERE size <= $5 OR number = 1
            ORDER BY position
            """,
            job,
            after,
            list(states),
            limit,
            max_bytes,
        )
