import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from fleet_platform.logs import about, configure

CANARY = "S3cr3t!Can4ry"

Lines: TypeAlias = Callable[[], list[str]]

logger = logging.getLogger("fleet_platform.devices.session")


@pytest.fixture(autouse=True)
def root_logger_is_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(params=["text", "json"])
def lines(request: pytest.FixtureRequest) -> Lines:
    stream = io.StringIO()
    configure("info", request.param, stream, colour=False)
    return lambda: stream.getvalue().splitlines()


def test_lines_for_people_are_aligned_and_name_what_they_are_about() -> None:
    stream = io.StringIO()
    configure("info", "text", stream, colour=False)
    with about(device="shellyplus1-aa", client="3"):
        logger.info("device is %s", "online", extra={"rpc": 4})
    logging.getLogger("short").warning("x")
    first, second = stream.getvalue().splitlines()
    assert first[9:] == "info     devices.session    device is online  device=shellyplus1-aa client=3 rpc=4"
    assert second[9:] == "warning  short              x"


def test_colours_appear_only_when_asked_for() -> None:
    plain, coloured = io.StringIO(), io.StringIO()
    configure("info", "text", plain)
    logger.info("x")
    configure("info", "text", coloured, colour=True)
    logger.info("x")
    assert "\x1b" not in plain.getvalue()
    assert "\x1b[32m" in coloured.getvalue()


def test_lines_for_machines_are_one_object_each_tracebacks_included() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    try:
        raise KeyError("x")  # noqa: TRY301
    except KeyError:
        with about(plugin="mqtt"):
            logger.exception("sink failed\ntwice", extra={"attempt": 2})
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert entry["level"] == "error"
    assert entry["logger"] == "fleet_platform.devices.session"
    assert entry["message"] == "sink failed\ntwice"
    assert (entry["plugin"], entry["attempt"]) == ("mqtt", "2")
    assert "KeyError" in entry["exception"]
    assert entry["ts"].endswith("+00:00")


def test_levels_below_the_chosen_one_are_silent() -> None:
    stream = io.StringIO()
    configure("warning", "text", stream)
    logger.info("x")
    assert stream.getvalue() == ""


async def test_each_task_has_its_own_subject(lines: Lines) -> None:
    async def serve(device: str) -> None:
        with about(device=device):
            await asyncio.sleep(0)
            logger.info("served")

    await asyncio.gather(serve("a"), serve("b"))
    logger.info("done")
    first, second, third = lines()
    assert "a" in first.rsplit("served", 1)[1]
    assert "b" in second.rsplit("served", 1)[1]
    assert "device" not in third.rsplit("done", 1)[1]


def test_secrets_never_reach_a_line_wherever_they_come_from(lines: Lines) -> None:
    with about(request=f"/shelly?token={CANARY}"):
        logger.info("frame %s", {"ssid": "home", "pass": CANARY})
        logger.info("connecting", extra={"password": CANARY, "url": f"mqtt://u:{CANARY}@broker"})
        try:
            raise ValueError(f"postgresql://fleet:{CANARY}@db/fleet")  # noqa: TRY301
        except ValueError:
            logger.exception("failed")
    assert CANARY not in "\n".join(lines())
    assert "home" in "\n".join(lines())
