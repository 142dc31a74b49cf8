"""CloudEvents Subscriptions API, section 3.2.4.1.1, as Knative Triggers use it."""

from typing import Any

import pytest

from lexmill.events.filters import FilterError, compile_filters
from tests.core.events.messages import parse, structured

EVENT = parse(
    structured(
        type="com.github.push",
        subject="nda/2026/acme.pdf",
        time="2026-01-15T10:30:00+01:00",
        number=5,
        yes=True,
        no=False,
        text="Größe",
    )
)
PUSH = {"exact": {"type": "com.github.push"}}
PULL = {"exact": {"type": "com.github.pull"}}


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        ([], True),
        ([PUSH], True),
        ([PULL], False),
        ([PUSH, PULL], False),
        ([PUSH, {"prefix": {"subject": "nda/"}}], True),
        ([{"exact": {"type": "COM.GITHUB.PUSH"}}], False),
        ([{"exact": {"type": "com.github"}}], False),
        ([{"exact": {"type": "com.github.push", "source": "/s"}}], True),
        ([{"exact": {"type": "com.github.push", "source": "/"}}], False),
        ([{"prefix": {"type": "com.github."}}], True),
        ([{"prefix": {"type": "com.github.push.x"}}], False),
        ([{"prefix": {"type": "com.", "subject": "nda/", "source": "/"}}], True),
        ([{"suffix": {"subject": ".pdf"}}], True),
        ([{"suffix": {"subject": ".PDF"}}], False),
        ([{"exact": {"missing": "x"}}], False),
        ([{"prefix": {"dataschema": "h"}}], False),
        ([{"not": {"exact": {"missing": "x"}}}], True),
        ([{"exact": {"specversion": "1.0", "id": "1"}}], True),
        ([{"exact": {"number": "5"}}], True),
        ([{"exact": {"yes": "true", "no": "false"}}], True),
        ([{"exact": {"text": "Größe"}}], True),
        ([{"prefix": {"time": "2026-01-15T10:30:00+01:00"}}], True),
        ([{"all": [PUSH, {"suffix": {"subject": "pdf"}}]}], True),
        ([{"all": [PUSH, PULL]}], False),
        ([{"any": [PULL, PUSH]}], True),
        ([{"any": [PULL]}], False),
        ([{"not": PUSH}], False),
        ([{"not": PULL}], True),
        ([{"not": {"any": [PULL, {"all": [PUSH, {"not": {"prefix": {"id": "1"}}}]}]}}], True),
    ],
)
def test_matching(filters: list[dict[str, Any]], *, matches: bool) -> None:
    assert compile_filters(filters)(EVENT) is matches


DEEP: dict[str, Any] = PUSH
for _ in range(1000):
    DEEP = {"not": DEEP}


@pytest.mark.parametrize(
    ("filters", "path"),
    [
        ({"exact": {"type": "t"}}, ""),
        ("exact", ""),
        ([5], "[0]"),
        ([PUSH, {}], "[1]"),
        ([{**PUSH, "prefix": {"type": "a"}}], "[0]"),
        ([{"cesql": "true"}], "[0]"),
        ([{"Exact": {"type": "t"}}], "[0]"),
        ([{5: {"type": "t"}}], "[0]"),
        ([{"exact": {}}], "[0].exact"),
        ([{"exact": ["type"]}], "[0].exact"),
        ([{"exact": {"type": ""}}], "[0].exact.type"),
        ([{"exact": {"type": 5}}], "[0].exact.type"),
        ([{"exact": {"type": None}}], "[0].exact.type"),
        ([{"prefix": {"": "x"}}], "[0].prefix"),
        ([{"prefix": {"Type": "x"}}], "[0].prefix"),
        ([{"suffix": {"data": "x"}}], "[0].suffix"),
        ([{"all": []}], "[0].all"),
        ([{"any": []}], "[0].any"),
        ([{"all": PUSH}], "[0].all"),
        ([{"not": [PUSH]}], "[0].not"),
        ([{"any": [PUSH, {"not": {"all": [PUSH, {"exact": 1}]}}]}], "[0].any[1].not.all[1].exact"),
    ],
)
def test_a_bad_filter_is_refused_with_its_place(filters: Any, path: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filters(filters)
    assert caught.value.path == path
    assert str(caught.value).startswith(f"filters{path}: ")


def test_nesting_is_limited() -> None:
    with pytest.raises(FilterError, match="nested more than 16 levels deep"):
        compile_filters([DEEP])
