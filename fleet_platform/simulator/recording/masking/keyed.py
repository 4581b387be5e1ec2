"""Pseudorandom replacements that depend on a secret key: equal inputs give equal outputs, and nothing leads back.

Pure. The key is made for one recording and stored nowhere, so that two recordings cannot be laid side by side.
"""

from __future__ import annotations

import hashlib
from string import ascii_lowercase, ascii_uppercase, digits

_HALF = 12
_HALF_MASK = (1 << _HALF) - 1
_ROUNDS = 6

_MAX_DECIMALS = 15

_ALPHABETS = (ascii_lowercase, ascii_uppercase, digits)
_FOREIGN = {2: "äöüéèñçåøîāžşğ", 3: "中文字符数据样本名", 4: "𐐀𐐁𐐂𐐃𐐄𐐅"}
"""Letters to put in the place of others that take as many bytes in UTF-8."""


def stream(key: bytes, kind: str, data: bytes, size: int) -> bytes:
    """So many pseudorandom bytes for an input; ``kind`` keeps different uses apart (at most 16 ASCII characters)."""
    seed = hashlib.blake2b(data, key=key, person=kind.encode()).digest()
    if size <= len(seed):
        return seed[:size]
    # The input is read once, however long it is.
    blocks = (hashlib.blake2b(number.to_bytes(4, "big"), key=seed).digest() for number in range(size // len(seed) + 1))
    return b"".join(blocks)[:size]


def another_text(key: bytes, text: str) -> str:
    """A text of the same look and length in which every letter and digit is another one.

    Case, spaces and punctuation stay; a letter beyond ASCII becomes one that takes as many bytes.
    """
    steps = stream(key, "text", text.encode("utf-8", "surrogatepass"), len(text))
    return "".join(_another(character, step) for character, step in zip(text, steps, strict=True))


def another_hex(key: bytes, text: str) -> str:
    """Lower- or upper-case hexadecimal digits in which every digit is another one."""
    steps = stream(key, "hex", text.encode(), len(text))
    found = "".join(f"{(int(digit, 16) + 1 + step % 15) % 16:x}" for digit, step in zip(text, steps, strict=True))
    return found.upper() if text.isupper() else found


def another_place(key: bytes, degrees: str, limit: float) -> str:
    """Degrees with as many decimals, between minus and plus a limit, and never the same."""
    mark = "," if "," in degrees else "."
    decimals = min(len(degrees.partition(mark)[2]), _MAX_DECIMALS)
    part = int.from_bytes(stream(key, "place", degrees.replace(mark, ".").encode(), 6), "big") / 2**48
    there = round((2 * part - 1) * limit, decimals)
    if there == float(degrees.replace(mark, ".")):
        there = -there or 1.0
    return f"{there:.{decimals}f}".replace(".", mark)


def another_tail(key: bytes, number: int, tweak: bytes) -> int:
    """Another number of 24 bits: one to one, and never the number itself.

    A Feistel network, which is one to one by construction. A number that it leaves alone takes the place of its
    neighbour, and the neighbour its place.
    """
    neighbour = number ^ 1
    found, of_neighbour = _permute(key, number, tweak), _permute(key, neighbour, tweak)
    if found == number:
        return neighbour if of_neighbour == neighbour else of_neighbour
    return neighbour if of_neighbour == neighbour else found


def another_rest(key: bytes, data: bytes, kept_bits: int) -> bytes:
    """Other bytes behind a prefix that stays: what began alike, byte by byte, begins alike afterwards.

    One to one among inputs with one prefix, and never the input itself, unless the prefix is all there is.
    """
    result = bytearray()
    same = True
    for at, byte in enumerate(data):
        free = max(0, min(8, 8 * (at + 1) - kept_bits))
        change = stream(key, "address", data[:at], 1)[0] & ((1 << free) - 1)
        if same and free and at == len(data) - 1:
            change |= 1
        same = same and not change
        result.append(byte ^ change)
    return bytes(result)


def _another(character: str, step: int) -> str:
    for alphabet in _ALPHABETS:
        if character in alphabet:
            size = len(alphabet)
            return alphabet[(alphabet.index(character) + 1 + step % (size - 1)) % size]
    if not character.isalnum():
        return character
    pool = _FOREIGN[len(character.encode())] if not character.isascii() else digits
    at = pool.find(character)
    return pool[(at + 1 + step % (len(pool) - 1)) % len(pool)] if at >= 0 else pool[step % len(pool)]


def _permute(key: bytes, number: int, tweak: bytes) -> int:
    left, right = number >> _HALF, number & _HALF_MASK
    for turn in range(_ROUNDS):
        digest = stream(key, "mac", tweak + bytes((turn,)) + right.to_bytes(2, "big"), 2)
        left, right = right, left ^ (int.from_bytes(digest, "big") & _HALF_MASK)
    return (left << _HALF) | right
