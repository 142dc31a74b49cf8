"""The legal library as the worker uses it, reduced to what shows a difference."""

from lexmill_legal import classify, extract, parsing, segment
from lexmill_legal.errors import DocumentError


def read(name: bytes, data: bytes) -> bytes:
    try:
        parsed = parsing.parse(data, name=name.decode())
        classification = classify.classify(parsed)
        outline = segment.segment(parsed)
        extraction = extract.extract(parsed, classification, outline)
    except DocumentError as error:
        return error.code.encode()
    return repr((parsed, classification, outline, extraction)).encode()
