"""The stage `redact`: what it keeps, what repeats it, and the files that it ends in."""

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lexmill.errors import LexmillError
from lexmill.jobs.service import JobSpec
from lexmill.storage.bundles import Bundle, decode_bundle
from lexmill.storage.objects import Objects
from lexmill_legal.redaction import RedactedCopy
from lexmill_legal.redaction.pseudonyms import Pseudonyms, derive
from lexmill_legal.result_lines import read_result
from lexmill_legal.results import DocumentResult, ErrorRecord, Redacted, Redaction
from lexmill_workers.plan import active_stages
from lexmill_workers.reading import redaction_key, terms_source
from lexmill_workers.redacted import RedactedFiles
from lexmill_workers.stages import VERSIONS, Request, redacted_copy, stage_keys, work_on
from lexmill_workers.visiting import rows_of
from tests.processes import Place

TEXT = (
    b"SERVICES AGREEMENT\n\nThis Agreement is made on March 1, 2024 between Alpha Works LLC and\n"
    b"Wulfric Zander, an individual (SSN 536-22-8841).\n\nWulfric Zander\nwz@mail.example\n"
)
SECRET = b"a key of the tests, which is long enough"
KEY = derive(SECRET)
VALUES = (b"Wulfric", b"Zander", b"536-22-8841", b"wz@mail.example")


def request(**changes: object) -> Request:
    given = Request(
        uri="a.txt",
        parent=None,
        name="a.txt",
        sha256=hashlib.sha256(TEXT).hexdigest(),
        data=TEXT,
        playbook="rules: []\n",
        stages=tuple(VERSIONS),
        known={},
        redaction_key=KEY,
    )
    return msgspec.structs.replace(given, **changes)


def worked(**changes: object) -> tuple[Bundle, RedactedCopy]:
    reply = work_on(request(**changes))
    assert reply.error is None
    bundle = decode_bundle(reply.bundle)
    copy = redacted_copy(bundle)
    assert copy is not None
    return bundle, copy


def test_the_copy_lies_in_the_visits_object_and_holds_no_value() -> None:
    bundle, copy = worked()
    assert copy.error is None
    assert copy.suffix == ".txt"
    assert b"Alpha Works LLC" in copy.data
    assert Pseudonyms(KEY).token("person", "wulfric zander").encode() in copy.data
    for value in VALUES:
        assert value not in bundle.outputs["redact"]
    result = read_result(bundle.result)
    assert result.redacted == Redacted(None, {"email": 1, "identifier": 1, "person": 2})
    assert result.versions["redact"] == VERSIONS["redact"]


@pytest.mark.parametrize("spoilt", [b"\xc1", b"\xc0", b"\x93\x01\x02\x03"])
def test_a_copy_that_its_document_has_spoilt_fails_its_own_visit(spoilt: bytes) -> None:
    bundle, _ = worked()
    whole = msgspec.msgpack.encode(bundle)
    assert rows_of(whole).facts
    bundle.outputs["redact"] = spoilt
    with pytest.raises(msgspec.DecodeError):
        rows_of(msgspec.msgpack.encode(bundle))


def test_a_copy_that_is_known_goes_into_the_next_object_too() -> None:
    bundle, copy = worked()
    known = {stage: output for stage, output in bundle.outputs.items() if stage != "check"}
    again, same = worked(stages=("check",), known=known, playbook="name: other\nrules: []\n")
    assert set(again.outputs) == {"check", "redact"}
    assert same == copy


def test_a_redaction_that_broke_down_costs_only_the_copy() -> None:
    reply = work_on(request(unredactable=("memory_limit", "It is too large.")))
    bundle = decode_bundle(reply.bundle)
    copy = redacted_copy(bundle)
    assert copy is not None
    assert (copy.data, copy.error) == (b"", ErrorRecord("memory_limit", "It is too large."))
    result = read_result(bundle.result)
    assert result.status == "succeeded"
    assert result.facts
    assert [(each.code, each.message) for each in result.warnings] == [
        ("not_redacted", "There is no redacted copy. It is too large.")
    ]
    # another time there may be more memory
    assert "redact" not in reply.made
    assert "check" in reply.made


def keys(**changes: Any) -> dict[str, bytes]:
    given: dict[str, Any] = {
        "sha256": "1",
        "name": "a.txt",
        "playbook_sha256": "2",
        "stages": tuple(VERSIONS),
        "terms": "",
        "redaction_key": KEY,
    }
    return stage_keys(**given | changes)


@pytest.mark.parametrize(
    ("changes", "repeated"),
    [
        ({"playbook_sha256": "9"}, {"check"}),
        ({"terms": "style: black"}, {"redact"}),
        ({"redaction_key": derive(SECRET + b"2")}, {"redact"}),
        ({"redaction_key": None}, {"redact"}),
    ],
)
def test_terms_and_key_repeat_the_redaction_alone(
    changes: dict[str, Any], repeated: set[str]
) -> None:
    before, after = keys(), keys(**changes)
    assert {stage for stage in VERSIONS if before[stage] != after[stage]} == repeated


def test_only_a_job_that_asks_for_copies_gets_them() -> None:
    stages = tuple(VERSIONS)
    assert "redact" not in active_stages({}, available=stages, has_playbook=True)
    assert "redact" in active_stages({"redaction": {}}, available=stages, has_playbook=True)
    skipping = {"redaction": {}, "skip": ["redact"]}
    assert "redact" not in active_stages(skipping, available=stages, has_playbook=True)


def job(redaction: dict[str, Any] | None, terms: str = "style: black\n") -> JobSpec:
    return JobSpec(
        uid=uuid.uuid4(),
        namespace="acme",
        name="j",
        generation=1,
        run_number=1,
        run_ids=(1,),
        spec={} if redaction is None else {"redaction": redaction},
        config_maps={"terms": {"t.yaml": terms}},
    )


def test_terms_come_from_the_jobs_config_map() -> None:
    assert terms_source(job({"configMap": {"name": "terms"}})) == "style: black\n"
    assert terms_source(job({})) == terms_source(job(None)) == ""


def test_wrong_terms_are_named_by_their_place_and_not_quoted() -> None:
    with pytest.raises(LexmillError, match=r"ConfigMap terms, line 1, column 8") as raised:
        terms_source(job({"configMap": {"name": "terms"}}, "terms: Project Falcon"))
    assert not raised.value.retryable
    assert "Falcon" not in str(raised.value)


def test_the_key_is_a_file_or_the_only_file_of_a_mounted_secret(tmp_path: Path) -> None:
    asks = job({"keySecret": {"name": "pseudonym-key"}})
    (tmp_path / "..data").mkdir()
    (tmp_path / "key").write_bytes(SECRET + b"\n")
    assert redaction_key(asks, tmp_path) == redaction_key(asks, tmp_path / "key") == KEY
    assert redaction_key(job({}), tmp_path) is None


def test_a_key_that_is_not_there_or_too_short_is_said(tmp_path: Path) -> None:
    """Copies without the key that the job names would lead nowhere."""
    asks = job({"keySecret": {"name": "pseudonym-key"}})
    (tmp_path / "two").mkdir()
    for name in ("a", "b"):
        (tmp_path / "two" / name).write_bytes(SECRET)
    (tmp_path / "short").write_bytes(b"hunter2")
    for place in (None, tmp_path / "none", tmp_path / "two"):
        with pytest.raises(LexmillError, match="one file, or a folder with one file"):
            redaction_key(asks, place)
    with pytest.raises(LexmillError, match="32 bytes") as raised:
        redaction_key(asks, tmp_path / "short")
    assert "hunter2" not in str(raised.value)


# --- the files ---


def copy_of(data: bytes, suffix: str = ".txt", **fields: Any) -> RedactedCopy:
    redactions = (Redaction(3, 9, "person", "Known given name", "[PERSON]"),)
    return RedactedCopy(redactions, data, "text/plain", suffix, **fields)


def written(
    place: Place, *documents: tuple[str, RedactedCopy | None], run: int = 1
) -> list[dict[str, Any]]:
    files = RedactedFiles(Objects(place.uri), f"{run}/")
    for uri, copy in documents:
        status = "failed" if copy is None else "succeeded"
        result = DocumentResult(uri, status, redacted=None)  # type: ignore[arg-type]
        files.add(result, copy)
    files.finish()
    lines = (place.folder / f"{run}/redacted/redactions.jsonl").read_bytes().splitlines()
    return [json.loads(line) for line in lines]


def test_each_copy_is_named_by_its_document(place: Place) -> None:
    names = {
        "a.txt": "redacted/a.txt",
        "a": "redacted/a-2.txt",
        "Договор № 5.PDF": "redacted/Договор № 5.PDF.txt",
        "mail.eml#1": "redacted/mail.eml#1.txt",
        "event:/shop?x=1#7": "redacted/event_/shop_x=1#7.txt",
        "../../etc/passwd": "redacted/etc/passwd.txt",
        "redactions.jsonl": "redacted/redactions.jsonl.txt",
        "x" * 300 + ".txt": None,
    }
    lines = written(place, *((uri, copy_of(uri.encode())) for uri in names))
    for line, (uri, name) in zip(lines, names.items(), strict=True):
        assert line["uri"] == uri
        assert name is None or line["file"] == name
        assert (place.folder / "1" / line["file"]).read_bytes() == uri.encode()
        assert (
            (place.folder / "1" / line["file"])
            .resolve()
            .is_relative_to(place.folder / "1/redacted")
        )


def test_the_log_has_places_and_reasons_and_says_first_what_is_missing(place: Place) -> None:
    error = ErrorRecord("not_redactable", "By hand.")
    lines = written(
        place,
        ("a.txt", copy_of(b"x")),
        ("b.txt", copy_of(b"", error=error)),
        ("c.txt", None),
    )
    assert lines[0]["places"] == [
        {"start": 3, "end": 9, "kind": "person", "reason": "Known given name", "token": "[PERSON]"}
    ]
    assert lines[0]["reasons"] == {"Known given name": 1}
    assert (lines[1]["file"], lines[1]["error"]) == (
        None,
        {"code": "not_redactable", "message": "By hand."},
    )
    assert lines[2]["error"]["code"] == "not_read"
    assert sorted(path.name for path in (place.folder / "1/redacted").iterdir()) == [
        "a.txt",
        "redactions.jsonl",
    ]


def test_a_copy_of_an_earlier_run_does_not_outlive_its_reason(place: Place) -> None:
    written(place, ("a.txt", copy_of(b"old")), ("b.txt", copy_of(b"old")))
    mine = place.folder / "1/redacted/mine.txt"
    mine.write_text("not ours")
    error = ErrorRecord("not_redactable", "By hand.")
    written(place, ("a.txt", copy_of(b"new")), ("b.txt", copy_of(b"", error=error)))
    assert (place.folder / "1/redacted/a.txt").read_bytes() == b"new"
    assert not (place.folder / "1/redacted/b.txt").exists()
    assert mine.exists()


def test_the_table_has_each_value_once_and_the_same_bytes_each_time(place: Place) -> None:
    pseudonyms = Pseudonyms(KEY)
    rows = tuple(pseudonyms.seal(pseudonyms.token("person", name), name) for name in ("A", "B"))
    written(place, ("a", copy_of(b"", table=rows)), ("b", copy_of(b"", table=rows)))
    written(place, ("a", copy_of(b"", table=rows[::-1])), run=2)
    first, second = (
        (place.folder / run / "redacted/pseudonyms.jsonl").read_bytes() for run in "12"
    )
    assert first == second
    assert first.count(b"\n") == 2
