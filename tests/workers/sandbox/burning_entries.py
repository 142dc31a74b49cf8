"""Redaction as the worker calls it, reduced to what shows a difference."""

from lexmill_legal import parsing
from lexmill_legal.redaction import burn
from lexmill_legal.results import Redaction


def redact(name: bytes, data: bytes, value: bytes) -> bytes:
    parsed = parsing.parse(data, name=name.decode())
    at = parsed.text.index(value.decode())
    mark = Redaction(at, at + len(value.decode()), "person", "test", "[PERSON-1]")
    return burn(data, parsed, [mark]).data
