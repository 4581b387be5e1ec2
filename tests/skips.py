"""A test run ends with a table of what was skipped and why; with ``FLEET_FAIL_ON_SKIP=1`` skipping fails the run.

A pytest plugin, for the process that gathers the results: with xdist that is not where tests run.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    skipped = _skipped(terminalreporter)
    if not skipped:
        return
    terminalreporter.section("skipped, and why")
    for (reason, place), times in sorted(skipped.items()):
        terminalreporter.line(f"{times:>4}  {place:<48}  {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that was to skip nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("FLEET_FAIL_ON_SKIP") == "1" and reporter is not None and _skipped(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _skipped(reporter: pytest.TerminalReporter) -> Counter[tuple[str, str]]:
    """How many tests were skipped, by reason and file."""
    found: Counter[tuple[str, str]] = Counter()
    for report in reporter.stats.get("skipped", []):
        _, _, text = report.longrepr if isinstance(report.longrepr, tuple) else ("", 0, str(report.longrepr))
        found[text.removeprefix("Skipped: "), report.nodeid.partition("::")[0]] += 1
    return found
