from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fleet_platform.storage.data_folder import locked, make_data_folder
from fleet_platform.storage.problems import DataFolderInUse, DataFolderUnusable


def test_a_home_that_is_there_but_empty_is_enough(tmp_path: Path) -> None:
    folder = make_data_folder(tmp_path / ".local/share/fleet-platform")
    assert folder.is_dir()
    assert stat.S_IMODE(folder.stat().st_mode) == (0o755 if os.geteuid() == 0 else 0o700)


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o750)
    assert stat.S_IMODE(make_data_folder(folder).stat().st_mode) == 0o750


def test_a_folder_that_cannot_be_made_is_refused_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file/data"):
        with pytest.raises(DataFolderUnusable, match=r"file.* choose another one with --data"):
            make_data_folder(folder)


def test_the_lock_goes_with_the_process_that_held_it(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from fleet_platform.storage.data_folder import locked\n"
        "with locked(Path(sys.argv[1])): print('locked', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    with pytest.raises(DataFolderInUse, match=f"another platform .process {holder.pid}. uses"), locked(tmp_path):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with locked(tmp_path):
        pass
