from typing import Any

import pytest

from lexmill_workers.plan import active_stages, plan_visit

ALL = ("parse", "classify", "segment", "extract", "check")


def test_stages_keep_their_order_without_the_skipped() -> None:
    spec = {"skip": ["segment", "classify"]}
    assert active_stages(spec, available=ALL, has_playbook=True) == ("parse", "extract", "check")


def test_nothing_is_checked_without_a_playbook() -> None:
    assert active_stages({}, available=ALL, has_playbook=False) == ALL[:-1]


def test_parsing_cannot_be_skipped() -> None:
    stages = active_stages({"skip": list(ALL)}, available=ALL, has_playbook=True)
    assert stages == ("parse",)


def test_one_pool_does_all_in_one_visit() -> None:
    assert plan_visit({}, stages=ALL, first="parse") == (ALL, None, None)


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("parse", (ALL[:3], "heavy", "extract")),
        ("extract", (ALL[:4], "main", "check")),
        ("check", (ALL, None, None)),
    ],
)
def test_a_visit_ends_where_another_pool_goes_on(first: str, expected: tuple[Any, ...]) -> None:
    spec = {"pools": [{"name": "heavy", "stages": ["extract"]}]}
    assert plan_visit(spec, stages=ALL, first=first) == expected


def test_a_stage_that_is_no_longer_there_means_from_the_start() -> None:
    assert plan_visit({}, stages=ALL[:2], first="check").stages == ALL[:2]


def test_a_stage_in_passing_ends_no_visit() -> None:
    spec = {"pools": [{"name": "scans", "stages": ["ocr"]}]}
    stages = ("parse", "ocr", "classify")
    assert plan_visit(spec, stages=stages, first="parse").next_pool == "scans"
    assert plan_visit(spec, stages=stages, first="parse", passing=("ocr",)) == (stages, None, None)
    assert plan_visit(spec, stages=stages, first="ocr", passing=("ocr",)) == (
        ("parse", "ocr"),
        "main",
        "classify",
    )
