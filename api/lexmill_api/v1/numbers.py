"""Numbers in bodies as JSON Schema has them."""

from typing import Any

from pydantic import BeforeValidator


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""Behind a strict int: 1.0 is one; true and "1" are none, which Pydantic would take for it."""
