"""JSON text and websocket frames: whatever goes in comes out, and nothing else does."""

from __future__ import annotations

import json
import math
import struct
import tracemalloc
from dataclasses import dataclass

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr

from fleet_platform.text import (
    MAX_DEPTH,
    Fragment,
    JSONDecodeError,
    TooDeep,
    decode,
    encode,
    encode_to_keep,
    text_frame,
)
from plugin_sdk import JSON

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS | TEXT, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)


def same(one: JSON, other: JSON) -> bool:
    """Equality as JSON has it: true is not 1, and -0.0 is not 0.0."""
    return repr(one) == repr(other)


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + closing * depth


def read_frame(data: bytes) -> tuple[bytes, bytes]:
    """The payload of one frame and what follows it, by RFC 6455 section 5.2, refusing all a server may not send."""
    first, second = data[0], data[1]
    assert first == 0b1000_0001, "final, no extension bits, text"
    assert not second & 0x80, "a server never masks"
    size, start = second & 0x7F, 2
    if size == 126:
        (size,), start = struct.unpack("!H", data[2:4]), 4
        assert size > 125, "the shortest form of the length is required"
    elif size == 127:
        (size,), start = struct.unpack("!Q", data[2:10]), 10
        assert 65_535 < size < 2**63, "the shortest form of the length is required"
    assert len(data) >= start + size
    return data[start : start + size], data[start + size :]


# ---- JSON --------------------------------------------------------------------------------------------------


@hypothesis.settings(max_examples=60, deadline=None)
@given(VALUES)
def test_decoding_undoes_encoding(value: JSON) -> None:
    assert same(decode(encode(value)), value)


@hypothesis.settings(max_examples=60, deadline=None)
@given(VALUES)
def test_text_and_bytes_decode_alike_whoever_wrote_them(value: JSON) -> None:
    text = json.dumps(value)
    assert same(decode(text), decode(text.encode()))
    assert same(decode(text), value)


@hypothesis.settings(max_examples=60, deadline=None)
@given(st.text(max_size=50) | st.binary(max_size=50))
def test_whatever_comes_in_is_json_or_a_decode_error(text: str | bytes) -> None:
    try:
        value = decode(text)
    except JSONDecodeError:
        return
    assert same(decode(encode(value)), value)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", '{"a": NaN}', "1e400", "", " ", "[", '"\\ud800"', "{'a': 1}"]
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(JSONDecodeError):
        decode(text)


def test_text_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(JSONDecodeError):
        decode(b'"\xff"')
    with pytest.raises(JSONDecodeError):
        decode('"\ud800"')


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**30])
def test_integers_beyond_64_bits_become_floats(number: int) -> None:
    value = decode(str(number))
    assert isinstance(value, float)
    assert math.isclose(value, number)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_nesting_is_bounded(opening: str, closing: str) -> None:
    levels = opening.count("[") + opening.count("{")
    within = nested(MAX_DEPTH // levels, opening, closing).replace(f"{opening}{closing}", f"{opening}1{closing}")
    beyond = nested(MAX_DEPTH // levels + 1, opening, closing).replace(f"{opening}{closing}", f"{opening}1{closing}")
    assert encode(decode(within)) == within.encode()
    with pytest.raises(TooDeep):
        decode(beyond)
    assert decode(beyond, max_depth=MAX_DEPTH + levels)


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_a_text_nested_without_end_is_refused_at_once(depth: int) -> None:
    with pytest.raises(JSONDecodeError):
        decode(nested(depth))
    with pytest.raises(JSONDecodeError):
        decode("[" * depth)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    flat: list[list[int]] = [[] for _ in range(10 * MAX_DEPTH)]
    assert decode(encode(flat)) == flat
    assert decode(encode("[" * 1_000)) == "[" * 1_000


class Answer(BaseModel):
    shelly_id: str = Field(alias="shellyID")
    numbers: set[int]


@dataclass(frozen=True, slots=True)
class Place:
    x: int
    key: SecretStr


def test_models_dataclasses_and_sets_have_a_json_form() -> None:
    assert encode(Answer(shellyID="a", numbers={3, 1, 2})) in (
        b'{"shellyID":"a","numbers":[1,2,3]}',
        b'{"shellyID":"a","numbers":[3,1,2]}',
    )
    assert encode({"found": {"b", "a"}, "none": frozenset()}) == b'{"found":["a","b"],"none":[]}'
    assert encode({1: "one"}) == b'{"1":"one"}'


def test_secrets_never_become_text() -> None:
    canary = "canary-77"

    class Account(BaseModel):
        password: SecretStr

    for value in (SecretStr(canary), Place(1, SecretStr(canary)), Account(password=SecretStr(canary))):
        assert canary.encode() not in encode(value)
    assert encode(Place(1, SecretStr(canary))) == b'{"x":1,"key":null}'


@pytest.mark.parametrize("value", [object(), {1, "a"}, [lambda: None], 2**64, "\ud800", float])
def test_what_has_no_json_form_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)


def test_a_value_that_holds_itself_is_a_type_error() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(TypeError):
        encode(value)


@hypothesis.settings(max_examples=60, deadline=None)
@given(VALUES)
def test_fragments_are_copied_as_they_are(value: JSON) -> None:
    assert encode({"inner": Fragment(encode(value))}) == encode({"inner": value})


# ---- frames ------------------------------------------------------------------------------------------------


@hypothesis.settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=5))
def test_frames_laid_end_to_end_are_read_back_by_a_strict_reader(payloads: list[bytes]) -> None:
    rest = b"".join(map(text_frame, payloads))
    for payload in payloads:
        found, rest = read_frame(rest)
        assert found == payload
    assert not rest


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 1_000_000])
def test_each_length_has_its_shortest_form(size: int) -> None:
    payload = b"x" * size
    assert read_frame(text_frame(payload)) == (payload, b"")


def test_what_is_kept_takes_no_more_memory_than_its_length() -> None:
    encode_to_keep({"groups": [0]})
    tracemalloc.start()
    try:
        kept = [encode_to_keep({"groups": [number]}) for number in range(1_000)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < sum(len(each) + 100 for each in kept)
    assert kept[7] == encode({"groups": [7]})
