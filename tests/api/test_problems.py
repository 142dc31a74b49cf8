"""Every code that a problem can have is in the table, and the table is in docs/api.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import lexmill
import lexmill_api
from lexmill.events.errors import TITLES, ErrorCode
from lexmill_api.problem_types import PROBLEM_TYPES
from lexmill_api.problems import problem
from tests.api.asking import Api

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
CODES = {
    # Where a function takes the code.
    "LexmillError": 0,
    "_refused": 0,
    "problem_response": 1,
    "problem_body": 1,
    "_problem": 1,
}
# What these raise ends documents and tasks, or is said by a client: it answers no request.
OTHERS = ("client/", "queue/", "telemetry/", "events/selection.py", "tasks/")

AT_START = {"bad_ca_bundle", "bad_endpoint"}
"""Without it no process is there to answer."""


def given_codes() -> Iterator[tuple[str, str]]:
    """The literal codes in the sources of API and core, with their places."""
    for package in (lexmill, lexmill_api):
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*.py")):
            place = path.relative_to(root).as_posix()
            if package is lexmill and place.startswith(OTHERS):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                    continue
                at = CODES.get(node.func.id)
                if at is not None and len(node.args) > at:
                    code = node.args[at]
                    if isinstance(code, ast.Constant) and isinstance(code.value, str):
                        yield code.value, f"{package.__name__}/{place}"


def test_every_code_that_is_given_has_a_type() -> None:
    places = dict(given_codes())
    assert {"not_found", "invalid_cursor", "owned_by_kubernetes", "unknown_job"} <= places.keys()
    unknown = {
        code: place for code, place in places.items() if code not in PROBLEM_TYPES.keys() | AT_START
    }
    assert unknown == {}, "add them to lexmill_api/problem_types.py and docs/api.md"


def test_every_refusal_of_an_event_has_a_type() -> None:
    assert {code.value for code in ErrorCode} == set(TITLES) <= PROBLEM_TYPES.keys()


def test_the_documentation_has_the_table() -> None:
    lines = ["| code | status | what to do |", "|-|-|-|"]
    lines += [
        f"| `{code}` | {kind.status} | {kind.title}. {kind.advice} |"
        for code, kind in sorted(PROBLEM_TYPES.items())
    ]
    table = "\n".join(lines)
    assert table in DOCS.read_text(encoding="utf-8"), f"docs/api.md should have:\n{table}"


def test_titles_and_advice_are_for_people() -> None:
    for code, kind in PROBLEM_TYPES.items():
        assert kind.advice.endswith("."), code
        assert not kind.title.endswith("."), code
        assert 400 <= kind.status < 600, code


def test_a_code_without_a_type_says_only_what_http_says() -> None:
    blank = problem(418, "strange", "it is a teapot")
    assert (blank.type, blank.title) == ("about:blank", "I'm a Teapot")


@pytest.mark.servers
def test_each_type_has_a_page(api: Api) -> None:
    for code, kind in PROBLEM_TYPES.items():
        page = api.get(f"/problems/{code}", token=None)
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/plain")
        assert page.text == f"{kind.status} {kind.title}\n\n{kind.advice}\n"
