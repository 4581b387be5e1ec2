import stat
from pathlib import Path

import click
import pytest

from fleet_platform.cli import stored
from fleet_platform.client import Token

HERE, THERE = "http://here:7011", "http://there:7011"
TOKEN = Token(access="a", refresh="r")


def test_a_token_is_kept_for_its_own_address_only() -> None:
    stored.save(HERE, TOKEN)
    stored.save(THERE, Token(access="b"))
    assert stored.load(HERE) == TOKEN
    assert stored.load(THERE) == Token(access="b")
    assert stored.load("http://elsewhere:7011") is None


def test_forgetting_one_leaves_the_others() -> None:
    stored.save(HERE, TOKEN)
    stored.save(THERE, TOKEN)
    assert stored.remove(HERE)
    assert not stored.remove(HERE)
    assert (stored.load(HERE), stored.load(THERE)) == (None, TOKEN)


def test_nobody_else_may_read_it_and_nothing_is_left_beside_it() -> None:
    stored.save(HERE, TOKEN)
    file = stored.token_file()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(file.parent.iterdir()) == [file]


def test_it_is_in_the_configuration_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert stored.token_file() == tmp_path / "config/fleet-platform/token.json"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/ada")
    assert stored.token_file() == Path("/home/ada/.config/fleet-platform/token.json")


@pytest.mark.parametrize("text", ["", "{", "\xff"])
def test_a_broken_file_is_named(text: str) -> None:
    file = stored.token_file()
    file.parent.mkdir(parents=True)
    file.write_text(text, "latin-1")
    with pytest.raises(click.ClickException, match=r"token\.json cannot be read"):
        stored.load(HERE)


def test_a_file_of_another_shape_holds_no_token() -> None:
    file = stored.token_file()
    file.parent.mkdir(parents=True)
    file.write_text("[1]")
    assert stored.load(HERE) is None
