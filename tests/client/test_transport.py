from itertools import islice
from random import Random

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.client import RpcError
from fleet_platform.client.transport import decode_frame, pauses


@given(st.integers())
def test_pauses_double_up_to_a_bound_and_never_agree_between_clients(seed: int) -> None:
    taken = list(islice(pauses(0.5, 4.0, Random(seed)), 8))
    for pause_s, full_s in zip(taken, [0.5, 1, 2, 4, 4, 4, 4, 4], strict=True):
        assert full_s / 2 <= pause_s <= full_s
    assert taken != list(islice(pauses(0.5, 4.0, Random(seed + 1)), 8))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "NaN", "1"])
def test_nonsense_counts_as_the_end_of_a_connection(text: str) -> None:
    assert decode_frame(aiohttp.WSMessage(aiohttp.WSMsgType.TEXT, text, None)) is None


@pytest.mark.parametrize("error", [None, 1, {}, {"code": "x"}, {"message": 1, "data": []}])
def test_a_malformed_error_is_still_an_error(error: object) -> None:
    assert RpcError.decode(error).code == -32603
