"""A rule's examples go through the real engine; the shipped playbooks keep what theirs say."""

from pathlib import Path

import pytest

from lexmill_legal.playbook import load
from lexmill_legal.playbook.examples import Trial, try_examples

SAMPLES = Path(__file__).parents[3] / "samples"
READY = sorted((SAMPLES / "playbooks").glob("*.yaml"))
SHIPPED = [SAMPLES / "playbook.yaml", *READY]


def trials(rule: str, *, good: str | None = None, bad: str | None = None) -> list[Trial]:
    listed = ", ".join(
        f"{kind}: [{text!r}]" for kind, text in (("good", good), ("bad", bad)) if text is not None
    )
    return list(try_examples(load(f"rules: [{{id: a, {rule}, examples: {{{listed}}}}}]")))


def test_there_are_three_ready_playbooks() -> None:
    assert [path.stem for path in READY] == ["nda", "postavka", "services"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_example_does_what_it_says(path: Path) -> None:
    tried = list(try_examples(load(path.read_text(encoding="utf-8"))))
    assert tried
    assert [trial for trial in tried if not trial.ok] == []


@pytest.mark.parametrize("path", READY, ids=lambda path: path.stem)
def test_a_ready_playbook_leaves_nothing_out(path: Path) -> None:
    book = load(path.read_text(encoding="utf-8"))
    assert book.name
    assert book.our_role
    for rule in book.rules:
        assert all((rule.owner, rule.message, rule.preferred, rule.fallback)), rule.id
        assert rule.examples.good, rule.id
        assert rule.examples.bad, rule.id


def test_what_is_firm_decides() -> None:
    law = "allow: {fact: governing_law, values: [RU]}"
    good, bad = trials(
        law,
        good="К отношениям Сторон применяется право Российской Федерации.",
        bad="This Agreement is governed by the laws of the State of Texas.",
    )
    assert (good.result, good.leans, good.ok) == ("pass", "pass", True)
    assert (bad.result, bad.leans, bad.ok) == ("fail", "fail", True)
    assert bad.quote == "laws of the State of Texas"


def test_what_is_never_firm_counts_by_where_it_leans() -> None:
    penalty = "limit: {fact: percent, where: {role: penalty}, max: 10%}"
    good, bad = trials(
        penalty, good="a penalty of 5 % of the price", bad="a penalty of 25 % of the price"
    )
    assert (good.result, good.leans) == ("unknown", "pass")
    assert (bad.result, bad.leans, bad.quote) == ("unknown", "fail", "25 %")
    assert good.ok
    assert bad.ok


def test_examples_the_wrong_way_round_are_not_in_order() -> None:
    penalty = "limit: {fact: percent, where: {role: penalty}, max: 10%}"
    good, bad = trials(
        penalty, good="a penalty of 25 % of the price", bad="a penalty of 5 % of the price"
    )
    assert (good.ok, good.leans) == (False, "fail")
    assert (bad.ok, bad.leans) == (False, "pass")


def test_an_example_that_says_nothing_is_not_in_order() -> None:
    (good,) = trials("limit: {fact: payment_term, max: 30 days}", good="Something else entirely.")
    assert (good.result, good.leans, good.ok) == ("unknown", "unknown", False)


def test_what_is_not_there_is_the_answer_of_a_sentence() -> None:
    court = "Споры передаются на рассмотрение Арбитражного суда города Москвы."
    good, bad = trials("require: {fact: dispute_forum}", good=court, bad="Headings mean nothing.")
    assert (good.leans, bad.leans) == ("pass", "fail")
    good, bad = trials("forbid: {fact: dispute_forum}", good="Headings mean nothing.", bad=court)
    assert (good.leans, bad.leans) == ("pass", "fail")


def test_a_rule_is_tried_whatever_it_applies_to() -> None:
    (good,) = trials(
        "require: {fact: governing_law}, applies_to: {types: [lease], languages: [ru]}",
        good="This Agreement is governed by the laws of Ireland.",
    )
    assert good.result == "pass"


def test_clauses_are_judged_by_the_model() -> None:
    good, bad = trials(
        "forbid: {clause: ip_ownership_assignment}",
        good="The staff shall wear badges.",
        bad="The Provider hereby assigns to the Customer all right, title and interest in and to"
        " any inventions, works and intellectual property that it develops.",
    )
    assert (good.leans, bad.leans) == ("pass", "fail")
    assert bad.quote is not None
    assert bad.quote.startswith("The Provider hereby assigns")
