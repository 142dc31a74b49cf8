"""Without an API server, what it would refuse is refused in its words."""

import re
from datetime import UTC, datetime

import pytest
from cronsim import CronSim
from hypothesis import assume, given
from hypothesis import strategies as st

from lexmill.jobs.refusals import Refusal, RefusedError, read_legaljob
from tests.core.jobs.constraints import violations
from tests.core.jobs.legaljobs import CASES, COMPLETE, EXACT, LISTENING, Case, Spec, manifest
from tests.core.jobs.test_crd import SPEC


def refusals(spec: object, name: str = "job") -> tuple[Refusal, ...]:
    try:
        read_legaljob({**manifest({}, name=name), "spec": spec})
    except RefusedError as error:
        return error.refusals
    return ()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_rule(case: Case) -> None:
    assert refusals(case.good, case.good_name) == ()
    (refusal,) = refusals(case.bad, case.bad_name)
    assert refusal.path == case.path
    assert refusal.message.startswith(case.sentence)


@pytest.mark.parametrize("spec", COMPLETE.values(), ids=COMPLETE)
def test_a_schema(spec: Spec) -> None:
    assert refusals(spec) == ()
    for violation in violations(SPEC, dict(spec), "spec"):
        found = [
            refusal
            for refusal in refusals(violation.value)
            if refusal.path == violation.path and refusal.message.startswith(violation.sentence)
        ]
        assert found, violation


def test_what_lies_too_deep_for_the_schema() -> None:
    """Only there is an API server more lenient."""
    filters = [{"not": {"not": {"not": {"exact": {"A": "b"}}}}}]
    (refusal,) = refusals({**LISTENING, "trigger": {"filters": filters}})
    assert str(refusal) == (
        "spec.trigger.filters[0].not.not.not.exact: "
        "names no attribute: names are made of a-z and 0-9"
    )


def test_a_filter_without_end() -> None:
    endless: Spec = EXACT
    for _ in range(20):
        endless = {"not": endless}
    (refusal,) = refusals({"trigger": {"filters": [endless]}})
    assert refusal.message == "is nested more than 16 levels deep"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"apiVersion": "v1"}, 'no matches for kind "LegalJob" in version "v1"'),
        ({"metadata": {}}, "metadata.name: Required value"),
        ({"metadata": {"name": "a", "namespace": "A"}}, "metadata.namespace: should match '"),
        ({"spec": None}, "spec: Required value"),
        ({"data": {}}, 'unknown field "data"'),
    ],
)
def test_the_object_around_the_spec(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read_legaljob(manifest({"trigger": {}}) | changes)
    assert str(caught.value).startswith(sentence)


def test_all_of_it_is_said_at_once() -> None:
    bad = {"trigger": {}, "priority": 1001, "wokers": {}, "retry": {"limit": "5"}}
    assert [str(refusal) for refusal in refusals(bad)] == [
        "spec.priority: should be less than or equal to 1000",
        'spec.retry.limit: must be of type integer: "string"',
        'unknown field "spec.wokers"',
    ]


_NUMBERS = r"([0-9]{1,2}|\*)(-[0-9]{1,2})?(/[0-9]{1,2})?"
_WORDS = r"(MON|wed|Jan|[0-9]{1,2})(-(SUN|fri|Mar|[0-9]{1,2}))?"
_CRONS = rf"{_NUMBERS} {_NUMBERS}(,{_NUMBERS})? {_NUMBERS} ({_NUMBERS}|{_WORDS}) (\*|{_WORDS})"


@given(st.from_regex(_CRONS, fullmatch=True, alphabet=st.characters(max_codepoint=127)))
def test_a_schedule_that_is_taken_can_be_followed(cron: str) -> None:
    # The 30th of February is a day that never comes, as for a CronJob of Kubernetes.
    assume(not re.search("3[01]", cron.split()[2]))
    if not refusals({"documents": [{"uri": "a"}], "schedule": {"cron": cron}}):
        CronSim(cron, datetime(2026, 3, 1, tzinfo=UTC))
