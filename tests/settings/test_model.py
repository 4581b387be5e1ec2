import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from fleet_platform.settings import PlatformSettings
from fleet_platform.settings.model import default_data_folder, home_folder

SECRET = "canary-5a1f"


def test_constructing_settings_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_PORT", "1234")
    assert PlatformSettings().port == 7011


def test_the_dsn_shows_in_no_repr_and_no_error() -> None:
    settings = PlatformSettings(dsn=SecretStr(f"postgresql://fleet:{SECRET}@db/fleet"))
    assert SECRET not in repr(settings)
    assert settings.dsn is not None
    assert SECRET in settings.dsn.get_secret_value()
    with pytest.raises(ValidationError) as caught:
        PlatformSettings(dsn=SecretStr(f"mysql://fleet:{SECRET}@db/fleet"))
    assert SECRET not in str(caught.value)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        PlatformSettings().port = 1


def test_root_keeps_data_in_the_systems_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_folder({"HOME": "/root"}) == Path("/var/lib/fleet-platform")


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/home/ada"}, "/home/ada/.local/share/fleet-platform"),
        ({"HOME": "/home/ada", "XDG_DATA_HOME": "/srv"}, "/srv/fleet-platform"),
        ({"HOME": "/home/ada", "XDG_DATA_HOME": "srv"}, "/home/ada/.local/share/fleet-platform"),
    ],
)
def test_others_keep_data_in_a_folder_of_their_own(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], folder: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_data_folder(environ) == Path(folder)


def test_a_user_without_a_home_uses_the_working_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    monkeypatch.chdir(tmp_path)
    assert home_folder({"HOME": ""}) == tmp_path


@pytest.mark.parametrize(
    ("text", "networks"),
    [("10.0.0.0/8, fd00::/8", ["10.0.0.0/8", "fd00::/8"]), ("192.168.1.7", ["192.168.1.7/32"]), ("", [])],
)
def test_proxies_are_networks(text: Any, networks: list[str]) -> None:
    settings = PlatformSettings.model_validate({"trusted_proxies": text})
    assert [str(network) for network in settings.trusted_proxies] == networks


@pytest.mark.parametrize(("text", "size"), [("4 MiB", 4 * 1024**2), ("64KiB", 65536), (1000, 1000)])
def test_sizes_may_have_units(text: Any, size: int) -> None:
    assert PlatformSettings.model_validate({"ring_bytes": text}).ring_bytes == size
