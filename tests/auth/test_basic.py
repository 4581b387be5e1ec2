"""Basic credentials as one word."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.auth.basic import decode_basic

NAMES = st.text(alphabet=st.characters(codec="utf-8", exclude_characters=":"), min_size=1)


@given(NAMES, st.text())
def test_name_and_password_come_back_whatever_is_in_them(name: str, password: str) -> None:
    raw = f"{name}:{password}".encode()
    assert decode_basic(base64.b64encode(raw).decode()) == (name, password)
    assert decode_basic(base64.urlsafe_b64encode(raw).decode().rstrip("=")) == (name, password)


def test_a_colon_may_be_part_of_the_password() -> None:
    assert decode_basic(base64.b64encode(b"ann:a:b:").decode()) == ("ann", "a:b:")


@pytest.mark.parametrize(
    "text",
    ["", ":", "eyJ.eyJ.sig", "YWRtaW4=", base64.b64encode(b":secret").decode(), "w6Q6/w==", "žluť", "ann:secret"],
)
def test_anything_else_is_none(text: str) -> None:
    assert decode_basic(text) is None


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    decode_basic(text)
