from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from fleet_platform.cli import stored

if TYPE_CHECKING:
    from tests.cli.conftest import Ran, Running

RunProgram = Callable[..., "Ran"]
PASSWORD = "canary-5a1f-secret"


@pytest.fixture
def sign_in(run: RunProgram, platform: Running, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Ran]:
    """Signs in with a password on standard input, which is no terminal here."""

    def sign_in(password: str) -> Ran:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        return run("login", "--url", platform.url)

    return sign_in


def test_a_stored_sign_in_serves_the_other_commands_until_it_is_forgotten(
    run: RunProgram, platform: Running, sign_in: Callable[[str], Ran]
) -> None:
    assert sign_in(PASSWORD).out == f"Signed in to {platform.url} as admin.\n"
    assert PASSWORD not in stored.token_file().read_text()
    assert run("rpc", "Device.GetStatus", "--url", platform.url).code == 0
    assert run("logout", "--url", platform.url).code == 0
    ran = run("rpc", "Device.GetStatus", "--url", platform.url)
    assert ran.code == 1
    assert "sign in with: fleet-platform login" in ran.err


def test_a_wrong_password_stores_nothing(sign_in: Callable[[str], Ran]) -> None:
    ran = sign_in("wrong")
    assert ran.code == 1
    assert "does not accept" in ran.err
    assert not stored.token_file().exists()


def test_a_password_serves_one_command_and_is_not_stored(run: RunProgram, platform: Running) -> None:
    assert run("rpc", "Device.GetStatus", "--url", platform.url, "--user", f"admin:{PASSWORD}").code == 0
    assert run("rpc", "Device.GetStatus", "--url", platform.url, "--user", "admin:wrong").code == 1
    assert not stored.token_file().exists()


def test_an_expired_stored_token_is_renewed_and_stored_again(
    run: RunProgram, platform: Running, sign_in: Callable[[str], Ran]
) -> None:
    sign_in(PASSWORD)
    good = stored.load(platform.url)
    assert good is not None
    stored.save(platform.url, type(good)(access="expired", refresh=good.refresh))
    assert run("rpc", "Device.GetStatus", "--url", platform.url).code == 0
    renewed = stored.load(platform.url)
    assert renewed is not None
    assert renewed.access != "expired"
