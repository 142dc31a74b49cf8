"""The stages of a document as plain calls into `lexmill_legal`: what runs inside the sandbox.

``work`` maps bytes to bytes, so that nothing but data crosses the sandbox's border.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

import msgspec

from lexmill_legal import classify, extract, parsing, playbook, segment
from lexmill_legal.errors import DocumentError
from lexmill_legal.reports import results_line
from lexmill_legal.results import (
    Attachment,
    Classification,
    DocumentResult,
    Extraction,
    Finding,
    ParsedDocument,
    Section,
)

VERSIONS: Mapping[str, str] = {
    "parse": parsing.VERSION,
    "classify": classify.VERSION,
    "segment": segment.VERSION,
    "extract": extract.VERSION,
    "check": playbook.VERSION,
}
"""The stages that exist, in their fixed order, with the version that is part of a cache key."""

_INPUTS = {
    "parse": (),
    "classify": ("parse",),
    "segment": ("parse",),
    "extract": ("parse", "classify", "segment"),
    "check": ("parse", "classify", "extract"),
}

_OUTPUTS: dict[str, Any] = {
    "parse": ParsedDocument,
    "classify": Classification,
    "segment": tuple[Section, ...],
    "extract": Extraction,
    "check": tuple[Finding, ...],
}
_DECODERS = {stage: msgspec.msgpack.Decoder(output) for stage, output in _OUTPUTS.items()}


# English, Russian and a language that only the model of the language stage tells.
_WARM_UP = (
    "This Agreement is made on 1 May 2024 between A Ltd and B Ltd.\n"
    "Договор поставки между ООО «А» и ООО «Б».\n"
) + "Le présent contrat est soumis au droit français et prend effet à la date de signature.\n" * 20


PRELOAD = ("lexmill_legal.*", "lexmill_workers.stages:warm_up")
"""For the sandbox, inside which no file can be opened any more."""


class Request(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """``known`` holds the outputs that need no work; ``stages`` those to make, in order."""

    uri: str
    parent: str | None
    name: str
    sha256: str
    data: bytes
    playbook: str | None
    stages: tuple[str, ...]
    known: dict[str, bytes]


class AttachedFile(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    name: str
    data: bytes


class Bundle(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What a visit keeps: the outputs it made, the result line, and the text layer."""

    outputs: dict[str, bytes]
    result: bytes
    text: str


class Reply(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """``error`` is (code, message) of a document that cannot be worked on."""

    bundle: bytes = b""
    seconds: dict[str, float] = {}
    attachments: tuple[AttachedFile, ...] = ()
    error: tuple[str, str] | None = None


def work(payload: bytes) -> bytes:
    """The sandbox's entry: a Request in, a Reply out, both msgpack."""
    return msgspec.msgpack.encode(work_on(msgspec.msgpack.decode(payload, type=Request)))


def warm_up() -> None:
    """Have read what the stages read late, and their patterns compiled, before the first fork."""
    work_on(
        Request(
            uri="",
            parent=None,
            name="",
            sha256="",
            data=_WARM_UP.encode(),
            playbook="name: none\nrules: []\n",
            stages=tuple(VERSIONS),
            known={},
        )
    )


def work_on(request: Request) -> Reply:
    seconds: dict[str, float] = {}
    try:
        return _run(request, seconds)
    except DocumentError as error:
        return Reply(seconds=seconds, error=(error.code, error.message))


_BUNDLE = msgspec.msgpack.Decoder(Bundle)


def decode_bundle(data: bytes) -> Bundle:
    return _BUNDLE.decode(data)


def stage_keys(
    *, sha256: str, name: str, playbook_sha256: str | None, stages: Sequence[str]
) -> dict[str, bytes]:
    """The cache key of each stage: a hash of its version, its inputs' keys and its own inputs."""
    keys: dict[str, bytes] = {}
    own = {"parse": [sha256, _suffix(name)], "check": [playbook_sha256]}
    for stage in stages:
        parts = [
            stage,
            VERSIONS[stage],
            [keys[needed].hex() for needed in _INPUTS[stage] if needed in keys],
            own.get(stage),
        ]
        keys[stage] = hashlib.sha256(msgspec.json.encode(parts)).digest()
    return keys


def _suffix(name: str) -> str:
    """The part of a name that may decide how bytes are read."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def _run(request: Request, seconds: dict[str, float]) -> Reply:
    made: dict[str, Any] = {
        stage: _DECODERS[stage].decode(output) for stage, output in request.known.items()
    }
    attachments: tuple[Attachment, ...] = ()
    outputs: dict[str, bytes] = {}
    for stage in request.stages:
        with _timed(stage, seconds):
            output = _make(stage, request, made)
            if isinstance(output, ParsedDocument):
                attachments = output.attachments
                output = _without_data(output)
            made[stage] = output
            outputs[stage] = msgspec.msgpack.encode(output)
    bundle = Bundle(
        outputs=outputs, result=results_line(_result(request, made)), text=made["parse"].text
    )
    return Reply(
        bundle=msgspec.msgpack.encode(bundle),
        seconds=seconds,
        attachments=tuple(AttachedFile(name=file.name, data=file.data) for file in attachments),
    )


def _make(stage: str, request: Request, made: Mapping[str, Any]) -> Any:
    """One stage; a stage that was skipped counts as having found nothing."""
    if stage == "parse":
        return parsing.parse(request.data, name=request.name)
    parsed: ParsedDocument = made["parse"]
    classification: Classification = made.get("classify", Classification(languages=()))
    outline: tuple[Section, ...] = made.get("segment", ())
    extraction: Extraction = made.get("extract", Extraction(facts=(), not_found=()))
    if stage == "classify":
        return classify.classify(parsed)
    if stage == "segment":
        return segment.segment(parsed)
    if stage == "extract":
        return extract.extract(parsed, classification, outline)
    assert stage == "check"
    assert request.playbook is not None
    return playbook.check(
        _loaded(request.playbook),
        extraction=extraction,
        clauses=(),
        classification=classification,
        warnings=parsed.warnings,
    )


@lru_cache(maxsize=4)
def _loaded(source: str) -> playbook.Playbook:
    """Reading the YAML costs more than checking a document by it."""
    return playbook.load(source)


def _result(request: Request, made: Mapping[str, Any]) -> DocumentResult:
    parsed: ParsedDocument = made["parse"]
    classification: Classification = made.get("classify", Classification(languages=()))
    extraction: Extraction = made.get("extract", Extraction(facts=(), not_found=()))
    return DocumentResult(
        uri=request.uri,
        status="succeeded",
        parent=request.parent,
        sha256=request.sha256,
        media_type=parsed.media_type,
        languages=classification.languages,
        warnings=parsed.warnings,
        text_sha256=hashlib.sha256(parsed.text.encode()).hexdigest(),
        facts=extraction.facts,
        not_found=extraction.not_found,
        outline=made.get("segment", ()),
        findings=made.get("check", ()),
        revisions=parsed.revisions,
        versions={stage: VERSIONS[stage] for stage in made},
    )


def _without_data(parsed: ParsedDocument) -> ParsedDocument:
    """Attachments become documents of their own; the parent keeps their names."""
    return replace(
        parsed, attachments=tuple(replace(file, data=b"") for file in parsed.attachments)
    )


@contextmanager
def _timed(stage: str, seconds: dict[str, float]) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds[stage] = time.perf_counter() - started
