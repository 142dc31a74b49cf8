"""What OpenAPI has no words for; `test_schemathesis.py` names this file to schemathesis."""

import os
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

import httpx
import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, HookContext
from schemathesis.core.transport import Response

_numbers = count()

# Names in a path, with the list that has such things and what is their name there.
_LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "document": ("documents", "id"),
    "event": ("events", "id"),
    "hold": ("holds", "id"),
    "review": ("reviews", "id"),
    "matter": ("matters", "matter"),
}


def _is_good(case: Case[Any]) -> bool:
    return case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE


@schemathesis.hook
def filter_case(_context: HookContext, case: Case[Any]) -> bool:
    """Not where only the namespace was made bad: there is a good one in its place by then."""
    data = None if case.meta is None else case.meta.phase.data
    mutations = getattr(data, "mutations", None) or ()
    bad = {each.parameter for each in mutations} or {getattr(data, "parameter", None)}
    return _is_good(case) or bad != {"namespace"}


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Of requests that shall be good, what is good only as it came in an answer before.

    A cursor that is made up is refused, however it looks; so is a key of another request. Every
    second one is about something that is there.
    """
    if not _is_good(case):
        return
    case.query.pop("cursor", None)
    number = next(_numbers)
    for name in list(case.headers):
        if name.lower() == "idempotency-key":
            case.headers[name] = f"request-{number}"
        if name.lower() in {"if-match", "if-none-match"}:
            case.headers[name] = "*"
    if number % 2:
        _find_what_is_there(case, number)


def _find_what_is_there(case: Case[Any], number: int) -> None:
    for name in case.path_parameters:
        there, key = _LISTS.get(name, ("", ""))
        if name == "name":
            there, key = ("playbooks" if "/playbooks/" in case.path else "jobs"), "name"
        if there:
            found = _items(case, there)
            if found:
                case.path_parameters[name] = found[number % len(found)][key]
    if "number" in case.path_parameters:
        case.path_parameters["number"] = 1


def _items(case: Case[Any], what: str) -> list[dict[str, Any]]:
    base = f"{case.operation.base_url}/namespaces/{case.path_parameters['namespace']}"
    bearer = {"Authorization": f"Bearer {os.environ['LEXMILL_TEST_TOKEN']}"}
    answer = httpx.get(f"{base}/{what}?limit=50", headers=bearer, timeout=20)
    items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return items


@schemathesis.check
def problems_are_described(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """A code that an operation answers with is among the examples of this status."""
    kind = response.headers.get("content-type", [""])[0]
    if response.status_code < 400 or kind != "application/problem+json":
        return
    code = response.json()["code"]
    described = case.operation.definition.raw["responses"].get(str(response.status_code), {})
    (content,) = described.get("content", {"": {}}).values()
    if code not in content.get("examples", {}) and code != "method_not_allowed":
        raise AssertionError(f"{response.status_code} {code} is not described")
