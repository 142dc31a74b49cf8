"""Which day made an agreement, from when on it works, when it ends, when to say no."""

import pytest

from tests.legal.extract.reading_of import CONTRACT, facts, only

HEAD = (
    'SUPPLY AGREEMENT\n\nThis Supply Agreement (the "Agreement"){made} between Alder Labs, Inc.'
    ' ("Alder") and Birch Works LLC ("Birch").\n\n1. Supply. Alder shall supply the goods.\n\n'
)
SIGNED = (
    "IN WITNESS WHEREOF, the parties have signed.\n\nAlder Labs, Inc.\nBy: /s/ Ann Lee\nDate: {one}"
    "\n\nBirch Works LLC\nBy: /s/ Tom Poe\nDate: {two}\n"
)


@pytest.mark.parametrize(
    ("made", "iso"),
    [
        (" dated May 1, 2020 is made", "2020-05-01"),
        (" is entered into on May 1, 2020, effective as of July 1, 2020,", "2020-05-01"),
        (', effective as of May 1, 2020 (the "Effective Date"), is', "2020-05-01"),
    ],
)
def test_the_preamble_says_when(made: str, iso: str) -> None:
    fact = only(HEAD.format(made=made), "agreement_date")
    assert (fact.normalized, fact.firm) == (iso, True)


def test_an_agreement_that_is_cited_has_another_date() -> None:
    text = HEAD.format(made=" is") + (
        "Alder and Birch are parties to that certain License Agreement dated as of March 3, 2011."
    )
    assert not any(fact.firm for fact in facts(text, "agreement_date"))


def test_the_last_signature_makes_the_agreement() -> None:
    text = HEAD.format(made=" is") + SIGNED.format(one="January 9, 2019", two="January 14, 2019")
    assert facts(text, "agreement_date")[0].normalized == "2019-01-14"


def test_the_dates_beside_it_decide_what_is_the_month() -> None:
    text = HEAD.format(made=" is dated 3/4/2019 and made") + "Payment is due by 5/28/2019."
    assert facts(text, "agreement_date")[0].normalized == "2019-03-04"


def test_two_habits_decide_nothing() -> None:
    text = HEAD.format(made=" is dated 3/4/2019 and made") + "Due by 5/28/2019 and 28/5/2019."
    assert facts(text, "agreement_date")[0].normalized is None


def test_effect_from_signing_is_computed_from_the_signature() -> None:
    text = HEAD.format(made=" is") + (
        "2. Term. This Agreement shall take effect upon its execution by both parties.\n\n"
        + SIGNED.format(one="January 9, 2019", two="January 14, 2019")
    )
    fact = facts(text, "effective_date")[0]
    assert (fact.normalized, fact.method, fact.firm) == ("2019-01-14", "computed", False)
    assert fact.inputs


@pytest.mark.parametrize(
    ("sentence", "iso"),
    [
        ("9. Term. This Agreement shall continue until December 31, 2026, unless extended.",
         "2026-12-31"),
        ("Expiration Date: August 31, 2026", "2026-08-31"),
        ("9. Term. This Agreement remains in force until the end of 2026.", "2026-12-31"),
        ("9. Term. This Agreement is in effect until March 18. 2026, unless terminated.",
         "2026-03-18"),
        ("9. Term. This Agreement shall extend for a period of five (5) years.", "2025-05-01"),
    ],
)  # fmt: skip
def test_ends(sentence: str, iso: str) -> None:
    text = HEAD.format(made=" is made as of May 1, 2020") + sentence + "\n\nEnd of the text."
    assert facts(text, "expiration_date")[0].normalized == iso


def test_an_end_that_hangs_on_an_event_is_no_day() -> None:
    text = HEAD.format(made=" is made as of May 1, 2020") + (
        "9. Term. This Agreement shall continue in effect until the completion of the Works."
    )
    fact = facts(text, "expiration_date")[0]
    assert (fact.attributes["kind"], fact.normalized, fact.firm) == ("perpetual", None, False)


def test_the_last_day_to_refuse_renewal_is_computed() -> None:
    fact = only(CONTRACT, "deadline")
    assert (fact.normalized, fact.method) == ("2026-01-11", "computed")
    assert fact.attributes == {"kind": "renewal_notice"}
    inputs = {
        found.id: found.field
        for found in (
            *facts(CONTRACT, "expiration_date"),
            *facts(CONTRACT, "renewal_notice_period"),
        )
    }
    assert [inputs[name] for name in fact.inputs] == ["expiration_date", "renewal_notice_period"]
    assert fact.start is None
