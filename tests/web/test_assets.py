"""Files for browsers: what is served, under which address, and for how long it may be kept."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.web.assets import Assets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "panel"
    (folder / "parts").mkdir(parents=True)
    (folder / "page.js").write_text("export const page = 1;")
    (folder / "parts" / "row.js").write_text("export const row = 1;")
    (folder / "picture.svg").write_text("<svg/>")
    (folder / "notes.py").write_text("secret = 1")
    (folder / ".hidden.js").write_text("")
    (tmp_path / "outside.js").write_text("outside")
    return folder


def test_an_address_with_the_fingerprint_may_be_kept_for_ever(folder: Path) -> None:
    assets = Assets(folder, "/files/")
    answer = assets.serve(f"{assets.address.removeprefix('/files/')}page.js")
    assert answer.body == b"export const page = 1;"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content_type == "text/javascript"


@pytest.mark.parametrize("path", ["page.js", "~000000000000/page.js"])
def test_any_other_address_gives_the_same_file_and_is_asked_for_again(folder: Path, path: str) -> None:
    assets = Assets(folder, "/files/")
    answer = assets.serve(path)
    assert answer.body == b"export const page = 1;"
    assert answer.headers["Cache-Control"] == "no-cache"
    again = assets.serve(path, if_none_match=answer.headers["ETag"])
    assert (again.status, again.body) == (304, None)


def test_modules_of_one_folder_find_one_another_by_relative_address(folder: Path) -> None:
    assets = Assets(folder, "/files/")
    beside = assets.address.removeprefix("/files/")
    assert assets.serve(f"{beside}parts/row.js").headers["Cache-Control"].endswith("immutable")


def test_a_changed_file_changes_the_address_of_the_whole_folder(folder: Path) -> None:
    assets = Assets(folder, "/files/")
    before = assets.address
    (folder / "page.js").write_text("export const page = 22;")
    assert assets.address == before
    assets.refresh()
    assert assets.address != before
    assert assets.serve("page.js").body == b"export const page = 22;"


@pytest.mark.parametrize(
    "path",
    [
        "../outside.js",
        "parts/../../outside.js",
        "/etc/passwd",
        "notes.py",
        ".hidden.js",
        "parts",
        "",
        "~0/",
        "page.js/",
    ],
)
def test_nothing_but_the_folder_s_own_browser_files_is_served(folder: Path, path: str) -> None:
    with pytest.raises(web.HTTPNotFound):
        Assets(folder, "/files/").serve(path)


@given(path=st.text(alphabet="./~\\%ab0js\x00", max_size=30))
def test_no_path_leads_out_of_the_folder(path: str) -> None:
    assets = Assets(Path(__file__).parent.parent / "no-such-folder", "/files/")
    with pytest.raises(web.HTTPNotFound):
        assets.serve(path)


def test_files_that_are_opened_by_themselves_may_do_nothing(folder: Path) -> None:
    answer = Assets(folder, "/files/").serve("picture.svg")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_files_of_signed_in_users_are_kept_by_browsers_alone(folder: Path) -> None:
    assets = Assets(folder, "/files/", private=True)
    answer = assets.serve(f"{assets.address.removeprefix('/files/')}page.js")
    assert answer.headers["Cache-Control"].startswith("private")


@pytest.mark.parametrize("package", ["", "no_such_package", "fleet_platform.web.assets"])
def test_a_package_without_files_is_an_empty_folder(package: str) -> None:
    assets = Assets.of_package(package, "panel", "/files/")
    assert assets.address.startswith("/files/~")
    with pytest.raises(web.HTTPNotFound):
        assets.serve("page.js")


def test_files_inside_an_archive_are_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("packed_panel/__init__.py", "")
        packed.writestr("packed_panel/panel/page.js", "export {};")
    monkeypatch.syspath_prepend(str(archive))
    try:
        assert Assets.of_package("packed_panel", "panel", "/files/").serve("page.js").body == b"export {};"
    finally:
        sys.modules.pop("packed_panel", None)
