"""The calendar: read back by a parser, stable, and honest about what nobody has confirmed."""

import datetime as dt
import io
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from lexmill_legal.reports.obligations import Obligations
from lexmill_legal.results import DocumentResult, Fact
from tests.legal.reports import making

TEXT = (
    "This Agreement ends on 31 December 2026. Notice of 60 days is needed.\n"
    "The Tenant shall pay the second instalment no later than 1 March 2025.\n"
    "The option must be exercised by 1 June 2025. Plans are due by 5 May 2025."
)


def placed(key: str, field: str, quote: str, normalized: str, *, firm: bool = True) -> Fact:
    start = TEXT.index(quote)
    made = making.fact(
        key, field, quote, normalized=normalized, place=(start, start + len(quote)), firm=firm
    )
    return replace(made, page=3)


EXPIRY = placed("f1", "expiration_date", "31 December 2026", "2026-12-31")
NOTICE = placed("f2", "renewal_notice_period", "60 days", "P60D")
DEADLINE = replace(
    making.fact("f3", "deadline", "2026-11-01", normalized="2026-11-01", firm=False),
    quote=None,
    method="computed",
    attributes={"kind": "renewal_notice"},
    inputs=("f1", "f2"),
    confidence=0.7,
)
PAYMENT = placed("f4", "deadline", "1 March 2025", "2025-03-01", firm=False)
OPTION = placed("f5", "deadline", "1 June 2025", "2025-06-01", firm=False)
PLANS = placed("f6", "deadline", "5 May 2025", "2025-05-05", firm=False)
RESULT = DocumentResult(
    uri="leases/a.docx",
    status="succeeded",
    sha256="ab" * 32,
    languages=("en",),
    facts=(EXPIRY, NOTICE, DEADLINE, PAYMENT, OPTION, PLANS),
)


def calendar(*results: DocumentResult, text: str = TEXT) -> bytes:
    obligations = Obligations()
    for result in results:
        obligations.add(result, text)
    file = io.BytesIO()
    obligations.save(file)
    return file.getvalue()


def events(*results: DocumentResult, text: str = TEXT) -> list[Any]:
    return list(Calendar.from_ical(calendar(*results, text=text)).walk("VEVENT"))


def with_facts(*facts: Fact) -> DocumentResult:
    return replace(RESULT, facts=facts)


def test_every_date_is_an_entry_of_a_whole_day() -> None:
    found = {str(event["summary"]): event for event in events(RESULT)}
    assert {name: event["dtstart"].dt for name, event in found.items()} == {
        "Contract ends: a.docx": dt.date(2026, 12, 31),
        "To confirm: last day for a notice against renewal: a.docx": dt.date(2026, 11, 1),
        "To confirm: payment is due: a.docx": dt.date(2025, 3, 1),
        "To confirm: last day of an option: a.docx": dt.date(2025, 6, 1),
        "To confirm: deadline: a.docx": dt.date(2025, 5, 5),
    }
    for event in found.values():
        assert event["dtstart"].params["VALUE"] == "DATE"
        assert "dtend" not in event
        assert event["transp"] == "TRANSPARENT"


def test_alarms_ring_thirty_and_seven_days_ahead() -> None:
    for event in events(RESULT):
        alarms = event.walk("VALARM")
        assert [alarm["trigger"].dt for alarm in alarms] == [
            dt.timedelta(days=-30),
            dt.timedelta(days=-7),
        ]
        assert {str(alarm["action"]) for alarm in alarms} == {"DISPLAY"}
        assert all(alarm["description"] for alarm in alarms)


def test_only_what_is_firm_or_decided_is_confirmed() -> None:
    candidate = replace(EXPIRY, firm=False, confidence=0.5)
    human = replace(candidate, method="human")
    status = {
        name: (str(event["status"]), event["sequence"], str(event["summary"]))
        for name, fact in (("firm", EXPIRY), ("candidate", candidate), ("human", human))
        for event in events(with_facts(fact))
    }
    assert status == {
        "firm": ("CONFIRMED", 1, "Contract ends: a.docx"),
        "candidate": ("TENTATIVE", 0, "To confirm: contract ends: a.docx"),
        "human": ("CONFIRMED", 2, "Contract ends: a.docx"),
    }


def test_the_description_says_where_it_is_from_and_how_sure() -> None:
    expiry, notice, *_ = events(RESULT)
    assert str(expiry["description"]).splitlines() == [
        "“This Agreement ends on 31 December 2026.”",
        "Document: leases/a.docx, page 3",
        "Found by rule, 95 % sure.",
    ]
    assert str(notice["description"]).splitlines() == [
        "Expiration date: “31 December 2026”, page 3",
        "Renewal notice period: “60 days”, page 3",
        "Document: leases/a.docx",
        "Computed, 70 % sure.",
        "Not confirmed: please look at the document before you rely on this date.",
    ]


def test_another_date_is_the_same_entry() -> None:
    moved = replace(EXPIRY, normalized="2027-12-31", value="31 December 2027", method="human")
    (before,), (after,) = events(with_facts(EXPIRY)), events(with_facts(moved))
    assert before["uid"] == after["uid"]
    assert before["dtstart"].dt != after["dtstart"].dt
    assert after["sequence"] > before["sequence"]


def test_entries_differ_by_document_field_and_item() -> None:
    other = replace(RESULT, sha256="cd" * 32)
    uids = [str(event["uid"]) for event in events(RESULT, other)]
    assert len(uids) == len(set(uids)) == 10


def test_the_same_document_twice_has_its_obligations_once() -> None:
    copy = replace(RESULT, uri="copies/a.docx")
    assert len(events(RESULT, copy)) == len(events(RESULT))


@pytest.mark.parametrize("normalized", [None, "perpetual", "2026-12", "2026-13-45", True])
def test_what_is_no_day_is_no_entry(normalized: Any) -> None:
    assert events(with_facts(replace(EXPIRY, normalized=normalized))) == []


def test_without_any_obligation_it_is_an_empty_calendar() -> None:
    assert events(replace(RESULT, facts=())) == []
    assert Calendar.from_ical(calendar())["version"] == "2.0"


@given(st.lists(making.results(), max_size=3), st.sampled_from(making.HOSTILE), st.text())
def test_whatever_a_document_says_the_calendar_is_read_back(
    results: list[DocumentResult], hostile: str, name: str
) -> None:
    quoted = replace(EXPIRY, quote=hostile, start=None, end=None, value=name)
    named = making.fact("n", "document_name", hostile + name)
    results = [*results, replace(with_facts(quoted, named), uri=name)]
    made = calendar(*results, text=hostile)
    assert made.count(b"BEGIN:VEVENT") == len(Calendar.from_ical(made).walk("VEVENT")) > 0
    for line in made.split(b"\r\n"):
        assert len(line) <= 75
        assert b"\n" not in line
        assert b"\r" not in line
        assert not any(byte < 0x20 and byte != 0x09 for byte in line)


_AGAIN = """
import sys
from tests.legal.reports.test_obligations import RESULT, calendar
sys.stdout.buffer.write(calendar(RESULT))
"""


def test_the_same_bytes_in_any_process_time_zone_and_hash_seed() -> None:
    made = {
        subprocess.run(
            [sys.executable, "-c", _AGAIN],
            env={**os.environ, "TZ": zone, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for zone, seed in (("Asia/Tokyo", "1"), ("America/New_York", "2"))
    }
    assert made == {calendar(RESULT)}
