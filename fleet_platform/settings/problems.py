"""What is wrong with the settings, in sentences for the person who wrote them.

No sentence holds the value of a secret.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from pydantic_core import ErrorDetails

from fleet_platform.settings.model import PlatformSettings

PLAIN_WORDS = {
    "int_parsing": "should be a whole number",
    "int_type": "should be a whole number",
    "float_parsing": "should be a number",
    "float_type": "should be a number",
    "byte_size": "should be a size such as 64 MiB",
    "dict_type": "should be a table",
    "mapping_type": "should be a table",
}
"""What pydantic's error types mean to people who never heard of it."""


class SettingsProblems(Exception):
    """The platform cannot start as it is configured.

    Attributes:
        problems: One sentence each, naming the flag, variable or file it comes from.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


def explain(detail: ErrorDetails, sources: Mapping[str, str]) -> str:
    """One error of the model as a sentence.

    Args:
        sources: Dotted name of a setting to where its value came from.
    """
    name = ".".join(str(part) for part in detail["loc"])
    origin = next((source for key, source in sources.items() if f"{name}.".startswith(f"{key}.")), name)
    if detail["type"] == "extra_forbidden":
        return f"{origin}: there is no setting {name}{did_you_mean(name, PlatformSettings.model_fields)}"
    # pydantic says "Input should be …", "String should have …", "Value error, should start …"
    message = PLAIN_WORDS.get(detail["type"]) or detail["msg"][max(detail["msg"].find("should"), 0) :]
    value = "" if name == "dsn" or name.startswith("plugins.") else f", not {str(detail['input'])[:60]!r}"
    return f"{origin}: {name} {message}{value}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean port?`` if a known name is near, else nothing."""
    matches = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {matches[0]}?" if matches else ""
