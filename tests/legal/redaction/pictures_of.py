"""What a redacted PDF shows: the pixels of its pages, without the tokens written over them."""

import re
import zlib

import numpy as np
from numpy.typing import NDArray

from lexmill_legal.results import Box, ParsedDocument

Greys = NDArray[np.uint8]
_IMAGE = re.compile(rb"/Image/Width (\d+)/Height (\d+)[^<>]*/Length (\d+)>>\nstream\n", re.DOTALL)


def pictures(data: bytes) -> list[Greys]:
    """Each page in four greys, from 0 for black to 3 for white."""
    pages = []
    for found in _IMAGE.finditer(data):
        width, height = int(found[1]), int(found[2])
        samples = zlib.decompress(data[found.end() : found.end() + int(found[3])])
        packed = np.frombuffer(samples, np.uint8).reshape(height, -1)
        greys = np.stack([packed >> shift & 3 for shift in (6, 4, 2, 0)], axis=2)
        pages.append(greys.reshape(height, -1)[:, :width])
    return pages


def part(page: Greys, box: Box, parsed: ParsedDocument) -> Greys:
    scale = page.shape[1] / parsed.pages[box.page - 1].width
    return page[
        int(box.y0 * scale) : int(box.y1 * scale) + 1, int(box.x0 * scale) : int(box.x1 * scale) + 1
    ]


def is_black(page: Greys, box: Box, parsed: ParsedDocument) -> bool:
    found = part(page, box, parsed)
    return bool(found.size) and not found.any()


def has_ink(page: Greys, box: Box, parsed: ParsedDocument) -> bool:
    found = part(page, box, parsed)
    return bool(found.size) and found.min() < 2 and found.max() == 3
