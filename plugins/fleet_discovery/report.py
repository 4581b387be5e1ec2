"""How an adoption goes, step by step: told as events while it goes, and kept for the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from plugin_sdk import JSONObject
from plugin_sdk.errors import FleetError

Step: TypeAlias = Literal["find", "identify", "read", "configure", "restart", "arrive"]


class Report:
    """The steps of one adoption.

    Args:
        host: The device, as whoever asked named it.
        tell: Called with the params of each ``Discovery.Adopting``.

    Attributes:
        id: The device's id, once it is known.
        steps: ``[{step, ok, detail}]``, in order.
    """

    def __init__(self, host: str, tell: Callable[[JSONObject], None]) -> None:
        self.host = host
        self.id: str | None = None
        self.steps: list[JSONObject] = []
        self._tell = tell

    def add(self, step: Step, detail: str, *, ok: bool = True) -> None:
        """A step is done, or failed."""
        self.steps.append({"step": step, "ok": ok, "detail": detail})
        self._tell({"host": self.host, "id": self.id, "step": step, "ok": ok, "detail": detail})

    @contextmanager
    def trying(self, step: Step) -> Iterator[None]:
        """An error inside is the end of this step; it gets ``host``, ``step`` and ``steps`` in its data."""
        try:
            yield
        except FleetError as error:
            self.add(step, sentence(error), ok=False)
            error.data |= {"host": self.host, "step": step, "steps": self.steps}
            raise

    def to_json(self, outcome: str) -> JSONObject:
        """``{host, id, steps, outcome}``."""
        return {"host": self.host, "id": self.id, "steps": self.steps, "outcome": outcome}


def sentence(error: FleetError) -> str:
    """What an error says, for people."""
    faults = error.data.get("errors")
    return str(error.detail or (faults[0]["message"] if faults else error.message))
