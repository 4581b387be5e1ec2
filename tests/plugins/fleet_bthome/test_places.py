"""A number means the same beacon for as long as it can."""

from __future__ import annotations

from fleet_bthome.places import END, FIRST, Places


def place(places: Places, address: str) -> int | None:
    number = places.free(address)
    if number is not None:
        places.take(number, address)
    return number


def test_whoever_comes_back_has_the_number_it_had() -> None:
    places = Places(5)
    assert [place(places, address) for address in "abc"] == [200, 201, 202]
    for number in (200, 201):
        places.leave(number)
    assert [place(places, address) for address in "dba"] == [203, 201, 200]
    assert places.taken == {200: "a", 201: "b", 202: "c", 203: "d"}


def test_when_all_were_used_that_which_is_free_longest_is_given_again() -> None:
    places, every = Places(END), range(FIRST, END)
    for number in every:
        places.take(number, f"first {number}")
    for number in (500, 300, 400):
        places.leave(number)
    assert place(places, "new") == 500
    assert place(places, "first 400") == 400
    assert place(places, "first 500") == 300
    assert place(places, "newer") is None


def test_only_so_many_are_taken_and_none_that_waits() -> None:
    places = Places(2)
    assert places.free("a", lambda number: number < 203) == 203
    assert [place(places, address) for address in "abc"] == [200, 201, None]
    places.leave(7)
    assert len(places.taken) == 2
