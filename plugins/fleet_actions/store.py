"""Saved actions in the database. Every method may raise ``Unavailable``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fleet_actions.steps import Step
from plugin_sdk import JSON, JSONObject, Sql

MAX_ACTIONS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A row of the table ``action``; the columns say what each means."""

    id: str
    name: str
    steps: tuple[Step, ...]
    variables: Mapping[str, JSON]
    author: str
    created: datetime
    updated: datetime

    def to_json(self) -> JSONObject:
        """As clients see it; ``type`` and ``actions`` are what older clients look for."""
        steps = [step.model_dump() for step in self.steps]
        return {
            "id": self.id,
            "name": self.name,
            "type": "action",
            "steps": steps,
            "variables": dict(self.variables),
            "author": self.author,
            "created": self.created.timestamp(),
            "updated": self.updated.timestamp(),
        }


class Store:
    """Reads and writes actions."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def list(self) -> list[Action]:
        """All actions, by name."""
        return [_action(row) for row in await self._sql.fetch("SELECT * FROM action ORDER BY lower(name), id")]

    async def get(self, action: str) -> Action | None:
        """An action by its id."""
        rows = await self._sql.fetch("SELECT * FROM action WHERE id = $1", action)
        return _action(rows[0]) if rows else None

    async def add(
        self, action: str, name: str, steps: Sequence[Step], variables: Mapping[str, JSON], author: str
    ) -> bool:
        """Store a new action; False if the id is taken, or there are too many."""
        tag = await self._sql.execute(
            """
            INSERT INTO action (id, name, steps, variables, author)
            SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM action) < $6
            ON CONFLICT (id) DO NOTHING
            """,
            action,
            name,
            _text([step.model_dump() for step in steps]),
            _text(variables),
            author,
            MAX_ACTIONS,
        )
        return tag == "INSERT 0 1"

    async def change(
        self,
        action: str,
        name: str | None,
        steps: Sequence[Step] | None,
        variables: Mapping[str, JSON] | None,
        author: str,
    ) -> bool:
        """Change what is given; False if there is no such action."""
        tag = await self._sql.execute(
            """
            UPDATE action SET name = coalesce($2, name), steps = coalesce($3::json, steps),
                variables = coalesce($4::json, variables), author = $5, updated = now()
            WHERE id = $1
            """,
            action,
            name,
            None if steps is None else _text([step.model_dump() for step in steps]),
            None if variables is None else _text(variables),
            author,
        )
        return tag == "UPDATE 1"

    async def delete(self, action: str) -> bool:
        """Forget an action; False if there was none."""
        return await self._sql.execute("DELETE FROM action WHERE id = $1", action) == "DELETE 1"


def _action(row: Mapping[str, Any]) -> Action:
    return Action(
        id=row["id"],
        name=row["name"],
        steps=tuple(Step.model_validate(step) for step in json.loads(row["steps"])),
        variables=json.loads(row["variables"]),
        author=row["author"],
        created=row["created"],
        updated=row["updated"],
    )


def _text(value: object) -> str:
    """JSON in ASCII, which no database refuses."""
    return json.dumps(value)
