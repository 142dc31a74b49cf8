"""MinHash of a text's word shingles: how alike two texts are, without keeping either."""

import re
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Signature = tuple[int, ...]

BANDS = 16
ROWS = 4
_SHINGLE = 5
# Shorter texts are alike by chance: a form, a reply of one line.
_FEWEST_WORDS = 50
_MOST_WORDS = 200_000
_WORD = re.compile(r"\w+")
_SEED = 0x9E3779B97F4A7C15


def signature(text: str) -> Signature | None:
    """None for a text that is too short to compare."""
    import numpy as np  # noqa: PLC0415 - only a job's end needs it

    words = [match[0] for match in _WORD.finditer(text.casefold())][:_MOST_WORDS]
    if len(words) < _FEWEST_WORDS:
        return None
    # a checksum, not hash(): that differs from process to process
    codes = np.array([zlib.crc32(word.encode()) for word in words], dtype=np.uint64)
    shingles = np.zeros(len(words) - _SHINGLE + 1, dtype=np.uint64)
    for shift in range(_SHINGLE):
        part = codes[shift : len(codes) - _SHINGLE + 1 + shift]
        shingles = shingles * np.uint64(1_000_003) + part
    shingles = np.unique(shingles)
    factors, terms = _permutations()
    return tuple(
        int(((shingles * factor + term) >> np.uint64(32)).min())
        for factor, term in zip(factors, terms, strict=True)
    )


def likeness(a: Signature, b: Signature) -> float:
    """The share of shingles that both have, as far as the signatures tell."""
    return sum(x == y for x, y in zip(a, b, strict=True)) / len(a)


def bands(item: Signature) -> list[tuple[int, Signature]]:
    """Texts that share one of these are worth comparing."""
    return [(at, item[at : at + ROWS]) for at in range(0, BANDS * ROWS, ROWS)]


@lru_cache(maxsize=1)
def _permutations() -> "tuple[NDArray[np.uint64], NDArray[np.uint64]]":
    import numpy as np  # noqa: PLC0415 - as above

    numbers: list[Any] = []
    state = _SEED
    for _ in range(2 * BANDS * ROWS):  # splitmix64
        state = (state + _SEED) & 0xFFFF_FFFF_FFFF_FFFF
        mixed = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFF_FFFF_FFFF_FFFF
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & 0xFFFF_FFFF_FFFF_FFFF
        numbers.append(mixed ^ mixed >> 31)
    half = BANDS * ROWS
    odd = [number | 1 for number in numbers[:half]]
    return np.array(odd, dtype=np.uint64), np.array(numbers[half:], dtype=np.uint64)
