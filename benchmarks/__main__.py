"""``python -m benchmarks [NAME …] [--seconds N] [--short] [--json FILE]``: measure, and print one table."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import uvloop

from benchmarks import fanout, groups, ingest, listing, memory, relay, simulator, sql_methods, storage, storm
from benchmarks.scale import SHORT, Scale
from benchmarks.server import LOAD_CORE, Measure, bare, platform
from benchmarks.table import Row, beside, render


async def compare(measure: Measure, scale: Scale) -> list[Row]:
    """Measure the bare server, then the platform."""
    reference = await measure(bare, scale)
    return beside(await measure(platform, scale), reference)


BENCHMARKS: Mapping[str, Callable[[Scale], Coroutine[Any, Any, list[Row]]]] = {
    "ingest": partial(compare, ingest.measure),
    "fanout": partial(compare, fanout.measure),
    "relay": partial(compare, relay.measure),
    "memory": partial(compare, memory.measure),
    "storm": partial(compare, storm.measure),
    "listing": partial(compare, listing.measure),
    "simulator": simulator.compare,
    "groups": groups.measure,
    "sql_methods": sql_methods.measure,
    "storage": storage.measure,
}


def main() -> int:
    """Run what was asked for; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--seconds", type=float, default=Scale().seconds, help="length of each measured stretch")
    parser.add_argument(
        "--short", action="store_true", help="few devices, half a second each: only to see that it works"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to a file as well")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))} (there are {', '.join(BENCHMARKS)})")
    os.sched_setaffinity(0, {LOAD_CORE})
    gc.disable()  # a pause of the load would be taken for one of the server
    scale = SHORT if arguments.short else replace(Scale(), seconds=arguments.seconds)
    rows: list[Row] = []
    for name in arguments.names or BENCHMARKS:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows += uvloop.run(BENCHMARKS[name](scale))
        gc.collect()
    print(render(rows))
    if arguments.json:
        arguments.json.write_bytes(orjson.dumps([row.to_json() for row in rows], option=orjson.OPT_INDENT_2))
    return int(any(row.met is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
