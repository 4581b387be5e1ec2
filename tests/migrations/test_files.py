from __future__ import annotations

from pathlib import Path

import pytest

from fleet_platform.migrations import MigrationFailed, MigrationFolder, new_file
from fleet_platform.migrations.files import natural, read
from tests.migrations.conftest import folder_of


def test_files_run_in_the_order_of_their_numbers_folder_by_folder(tmp_path: Path) -> None:
    first = folder_of(tmp_path / "a", "core", _10_c="", _2_b="", _5000_x="", notes="")
    second = folder_of(tmp_path / "b", "mqtt", _1_a="", _2_a="", _10_c="")
    assert [str(file) for file in read([first, second])] == [
        "mqtt/1_a.sql",
        "mqtt/2_a.sql",
        "core/2_b.sql",
        "core/10_c.sql",
        "mqtt/10_c.sql",
        "core/5000_x.sql",
        "core/notes.sql",
    ]


def test_equal_names_keep_the_order_of_their_folders(tmp_path: Path) -> None:
    folders = [folder_of(tmp_path / name, name, _1_same="") for name in ("z", "a", "m")]
    assert [file.folder.owner for file in read(folders)] == ["z", "a", "m"]


def test_numbers_count_not_digits() -> None:
    assert sorted(["30_x", "3_x", "x", "2_x", "1000_x", "0_x"], key=natural) == [
        "0_x",
        "2_x",
        "3_x",
        "30_x",
        "1000_x",
        "x",
    ]


@pytest.mark.parametrize(
    ("text", "up", "down"),
    [
        ("-----UP\nA\n-----DOWN\nB", "A", "B"),
        ("\ufeff-- ---------up  \r\nA;\r\nA2;\r\n----------Down\r\nB\r\n", "A;\nA2;", "B"),
        ("-- text\n-----UP\n-----DOWN", "", ""),
    ],
)
def test_parts_are_marked_whatever_the_case_and_line_ends(tmp_path: Path, text: str, up: str, down: str) -> None:
    (tmp_path / "1_a.sql").write_bytes(text.encode())
    (file,) = read([MigrationFolder.of_plugin("greetings", tmp_path)])
    assert (file.up, file.down) == (up, down)


@pytest.mark.parametrize("text", ["SELECT 1", "-----UP\nA\n----DOWN\nDROP", "-----DOWN\nB\n-----UP\nA", ""])
def test_a_file_without_both_parts_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "1_a.sql").write_text(text)
    with pytest.raises(MigrationFailed, match=r"greetings/1_a.sql needs a line ending in -----UP"):
        read([MigrationFolder.of_plugin("greetings", tmp_path)])


def test_a_folder_or_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MigrationFailed, match=r"migrations of greetings in .*nowhere cannot be read"):
        read([MigrationFolder.of_plugin("greetings", tmp_path / "nowhere")])
    (tmp_path / "1_a.sql").write_bytes(b"\xff")
    with pytest.raises(MigrationFailed, match=r"greetings/1_a.sql cannot be read"):
        read([MigrationFolder.of_plugin("greetings", tmp_path)])


def test_characters_that_only_look_like_line_ends_stay_in_their_texts(tmp_path: Path) -> None:
    (tmp_path / "1_a.sql").write_text("-----UP\nSELECT 'a\u2028b\x0cc'\n-----DOWN\n", "utf-8")
    (file,) = read([MigrationFolder.of_plugin("greetings", tmp_path)])
    assert file.up == "SELECT 'a\u2028b\x0cc'"


def test_markers_may_be_indented_and_commented(tmp_path: Path) -> None:
    (tmp_path / "1_a.sql").write_text("   -- begin -----Up\n  A\n\t-----down  \nB\n")
    (file,) = read([MigrationFolder.of_plugin("greetings", tmp_path)])
    assert (file.up, file.down, file.up_line, file.down_line) == ("  A", "B", 2, 4)


def test_a_folder_called_like_a_file_and_a_nul_are_refused(tmp_path: Path) -> None:
    (tmp_path / "1_a.sql").mkdir()
    with pytest.raises(MigrationFailed, match=r"greetings/1_a.sql cannot be read: Is a directory"):
        read([MigrationFolder.of_plugin("greetings", tmp_path)])
    (tmp_path / "1_a.sql").rmdir()
    (tmp_path / "1_a.sql").write_text("-----UP\n\0\n-----DOWN")
    with pytest.raises(MigrationFailed, match="has a NUL character"):
        read([MigrationFolder.of_plugin("greetings", tmp_path)])


def test_two_folders_of_one_owner_may_not_hold_the_same_name(tmp_path: Path) -> None:
    folders = [folder_of(tmp_path / name, "one", _1_a="") for name in ("x", "y")]
    with pytest.raises(MigrationFailed, match=r"there are two migrations one/1_a.sql"):
        read(folders)


def test_files_of_one_number_run_by_name(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", _1_b="", _1_a="", _01_c="")
    assert [file.name for file in read([folder])] == ["1_a.sql", "1_b.sql", "01_c.sql"]


def test_a_new_file_has_the_next_number_of_all_folders(tmp_path: Path) -> None:
    folder_of(tmp_path / "a", _9_x="", _10_y="", notes="")
    folder_of(tmp_path / "b", _30_z="")
    assert new_file(tmp_path / "a", "Add  Colours-now").name == "11_add_colours_now.sql"
    path = new_file(tmp_path / "a", "more", beside=[tmp_path / "b"])
    assert path.name == "31_more.sql"
    (*_, last) = read([MigrationFolder.of_plugin("a", tmp_path / "a")])[:-1]
    assert (last.name, last.up.strip(), last.down.strip()) == ("31_more.sql", "", "")


def test_a_new_file_needs_a_name_and_a_folder(tmp_path: Path) -> None:
    for what in ("", "../up", "a/b", "'"):
        with pytest.raises(MigrationFailed, match="named in letters, digits and underscores"):
            new_file(tmp_path, what)
    with pytest.raises(MigrationFailed, match=r"no migration can be made in .*nowhere: No such file"):
        new_file(tmp_path / "nowhere", "x")
