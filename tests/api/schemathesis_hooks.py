"""What OpenAPI has no words for; `test_schemathesis.py` names this file to schemathesis."""

from itertools import count
from typing import Any

import schemathesis
from schemathesis import Case, GenerationMode, HookContext

_numbers = count()


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Of requests that shall be good, what is good only as it came in an answer before.

    A cursor that is made up is refused, however it looks; so is a key of another request.
    """
    if case.meta is not None and case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    case.query.pop("cursor", None)
    for name in list(case.headers):
        if name.lower() == "idempotency-key":
            case.headers[name] = f"request-{next(_numbers)}"
        if name.lower() in {"if-match", "if-none-match"}:
            case.headers[name] = "*"
