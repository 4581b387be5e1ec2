"""Who is believed about the real peer."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from aiohttp.test_utils import make_mocked_request

from fleet_platform.web.proxies import seen_through

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("127.0.0.1")]


@pytest.mark.parametrize(
    ("peer", "headers", "found"),
    [
        ("192.0.2.1", {"X-Forwarded-For": "1.2.3.4"}, {}),
        ("10.0.0.1", {}, {}),
        ("10.0.0.1", {"X-Forwarded-For": "1.2.3.4"}, {"remote": "1.2.3.4"}),
        ("10.0.0.1", {"X-Forwarded-For": "6.6.6.6, 1.2.3.4, 10.0.0.2"}, {"remote": "1.2.3.4"}),
        ("10.0.0.1", {"X-Forwarded-For": "10.0.0.9"}, {"remote": "10.0.0.9"}),
        ("127.0.0.1", {"X-Forwarded-Proto": "https"}, {"scheme": "https"}),
        ("127.0.0.1", {"X-Forwarded-Proto": "javascript"}, {}),
    ],
)
def test_only_trusted_proxies_tell_of_the_peer(peer: str, headers: dict[str, str], found: dict[str, str]) -> None:
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=peer)
    assert seen_through(request, TRUSTED) == found
    assert seen_through(request, []) == {}
