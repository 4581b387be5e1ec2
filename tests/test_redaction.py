import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.redaction import mask, redact

CANARY = "S3cr3t!Can4ry"

SHAPES = [
    "{'ssid': 'x', 'pass': 'CANARY'}",
    '{"wifi": {"sta": {"ssid": "x", "pass": "CANARY"}}}',
    '{\\"pass\\": \\"CANARY\\"}',
    '{"pass":"CANARY","ssid":"x"}',
    "{'pass': \"it's CANARY\"}",
    '{"pass": "cut off CANARY',
    "postgresql://fleet:CANARY@db/fleet",
    "postgresql://fleet:CANARY/p@ss@db/fleet",
    "host=db password=CANARY user=fleet",
    "host=db password='CANARY with spaces' user=fleet",
    "GET /shelly?token=CANARY&x=1 101",
    "GET /shelly/CANARY 101",
    "Authorization: Bearer CANARY",
    "{'Authorization': 'Basic CANARY'}",
    "mqtt_password: CANARY",
    "User(name='x', password='CANARY')",
    '{"refresh_token": "CANARY", "accessToken": "CANARY"}',
    'b\'{"ha1":"CANARY"}\'',
    "x-api-key: CANARY",
    "Cookie: CANARY",
]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shapes_of_secrets_are_known(shape: str) -> None:
    assert CANARY not in redact(shape.replace("CANARY", CANARY))


def test_a_json_web_token_is_hidden_wherever_it_stands() -> None:
    assert redact("cut off: x-eyJhbGciOiJIUzI1NiJ9") == "cut off: x-***"
    assert redact("got eyJhbGciOiJIUzI1NiJ9.eyJuYW1lIjoiYWRtaW4ifQ.c2lnbmF0dXJl here") == "got *** here"


@pytest.mark.parametrize(
    "text",
    [
        "shellyplus1pm-a8032abb995c switch:0 output=true apower=12.4",
        "bypass: on, compass: north, monkey=banana",
        "tests/plugins/fleet_shelly/components.py line 7",
        "http://127.0.0.1:7011/devices",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@given(st.text(), st.text(min_size=1))
def test_a_password_of_any_characters_is_hidden_in_json(ssid: str, password: str) -> None:
    secret = f"{CANARY}{password}{CANARY}"
    assert CANARY not in redact(json.dumps({"ssid": ssid, "pass": secret}))


@pytest.mark.parametrize("part", ["token=", '"pass":"', "://a:", "a:", "/shelly/", "eyJ.", "eyJ-", "\\\\", "Basic "])
def test_no_text_makes_it_hang(part: str) -> None:
    assert redact(part * 20_000)


def test_members_that_are_called_like_a_secret_are_masked_and_nothing_else() -> None:
    config = {
        "sta": {"ssid": "home", "pass": "hunter2", "is_open": False},
        "list": [{"ha1": "abc"}, {"key": "switch:0"}],
    }
    assert mask({"config": config, "ssl_ca": None, "password": None}) == {
        "config": {"sta": {"ssid": "home", "pass": "***", "is_open": False}, "list": [{"ha1": "***"}, {"key": "***"}]},
        "ssl_ca": None,
        "password": None,
    }
    assert config["sta"]["pass"] == "hunter2", "a copy"  # type: ignore[index]
