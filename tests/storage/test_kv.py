from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet_platform.storage import jsonb
from fleet_platform.storage.database import Database
from fleet_platform.storage.kv import KeyValueStore
from fleet_platform.text import decode, encode
from plugin_sdk import JSON
from plugin_sdk.errors import InvalidParams

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def has_nul(value: JSON) -> bool:
    if isinstance(value, dict):
        return any(has_nul(key) or has_nul(item) for key, item in value.items())
    if isinstance(value, list):
        return any(map(has_nul, value))
    return isinstance(value, str) and "\0" in value


@pytest.mark.parametrize(
    "value", [None, False, 0, "", [], {}, {"a": [1, None, {"b": "\N{SNOWMAN}"}]}, r"\u0000", 0.1, 10**18]
)
async def test_a_value_comes_back_as_it_was_set(database: Database, value: JSON) -> None:
    kv = KeyValueStore(database)
    await kv.set("core", "key", "another before")
    await kv.set("core", "key", value)
    found = await kv.get("core", "key", default="missing")
    assert (found, type(found)) == (value, type(value))


async def test_owners_do_not_see_each_other(database: Database) -> None:
    kv = KeyValueStore(database)
    await kv.set("mqtt", "key", 1)
    await kv.set("nats", "key", 2)
    assert await kv.delete("mqtt", "key")
    assert not await kv.delete("mqtt", "key")
    assert await kv.get("mqtt", "key", default="gone") == "gone"
    assert await kv.get("nats", "key") == 2


async def test_keys_are_sorted_and_their_prefix_is_no_pattern(database: Database) -> None:
    kv = KeyValueStore(database)
    for key in ("b", "a%1", "a_2", "a1", "B", "\N{SNOWMAN}"):
        await kv.set("core", key, 0)
    assert await kv.keys("core") == ["B", "a%1", "a1", "a_2", "b", "\N{SNOWMAN}"]
    assert await kv.keys("core", "a%") == ["a%1"]
    assert await kv.keys("core", "a_") == ["a_2"]
    assert await kv.keys("nobody") == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("", 1),
        ("k\0", 1),
        ("k" * 513, 1),
        ("key", "\0"),
        ("key", {"a\0": 1}),
        ("key", "x" * 1024 * 1024),
        ("key", object()),
        ("key", 2**70),
    ],
)
async def test_what_cannot_be_kept_as_it_is_is_refused(database: Database, key: str, value: JSON) -> None:
    kv = KeyValueStore(database)
    with pytest.raises(InvalidParams):
        await kv.set("core", key, value)
    assert await kv.keys("core") == []


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(VALUES)
def test_exact_text_is_the_value_or_nothing(value: JSON) -> None:
    if has_nul(value):
        with pytest.raises(InvalidParams):
            jsonb.exact(value, "value")
    else:
        assert decode(jsonb.exact(value, "value")) == value


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(VALUES)
def test_storable_text_differs_in_nul_characters_only(value: JSON) -> None:
    text = jsonb.storable(encode(value))
    assert not has_nul(decode(text))
    if not has_nul(value):
        assert decode(text) == value
