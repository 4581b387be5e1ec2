"""Whom devices trust when they make web requests, against a server with TLS."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from fleet_platform.simulator import Device, Simulator

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

CERTIFICATE, KEY = (Path(__file__).with_name(name) for name in ("cert.pem", "key.pem"))
"""Of a server on the loopback address, signed by itself and made for these tests."""


@pytest.fixture
async def secure() -> AsyncIterator[str]:
    """The address of a server that proves who it is."""

    async def serve(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="secret")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    runner = web.ServerRunner(web.Server(serve))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


@pytest.fixture
async def device(sim: Simulator) -> Device:
    return await sim.add("S1PMG3")


async def get(home: Home, device: Device, url: str, ssl_ca: str) -> Any:
    """What a request comes to: a body, or the code of an error."""
    reply = await home.ask(device.id, "HTTP.GET", url=url, ssl_ca=ssl_ca)
    return reply["error"]["code"] if "error" in reply else reply["result"]["body"]


async def test_a_device_without_the_file_it_is_to_trust_trusts_nobody(
    home: Home, device: Device, secure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))  # the system would trust this server
    assert await get(home, device, secure, "user_ca.pem") == -114
    assert await get(home, device, secure, "*") == "secret"


async def test_a_device_trusts_whom_its_file_names(home: Home, device: Device, secure: str) -> None:
    assert await get(home, device, secure, "ca.pem") == -114, "its firmware's own list does not"
    await home.call(device.id, "Shelly.PutUserCA", data=f"Für Prüfungen\n{CERTIFICATE.read_text()}")
    assert await get(home, device, secure, "user_ca.pem") == "secret"


@pytest.mark.parametrize("data", ["", "-----BEGIN", "no certificate at all", "ä"])
async def test_a_file_without_a_certificate_has_nobody_trusted(
    home: Home, device: Device, secure: str, data: str
) -> None:
    await home.call(device.id, "Shelly.PutUserCA", data=data)
    assert await get(home, device, secure, "user_ca.pem") == -114
