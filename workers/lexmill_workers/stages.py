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

from lexmill.storage.bundles import Bundle
from lexmill_legal import (
    classify,
    decisions,
    extract,
    ocr,
    parsing,
    playbook,
    redaction,
    segment,
)
from lexmill_legal.errors import DocumentError
from lexmill_legal.ocr import Recognition
from lexmill_legal.parsing import PageImage
from lexmill_legal.parsing.media import DOCX
from lexmill_legal.redaction import RedactedCopy
from lexmill_legal.redaction.pseudonyms import key_digest
from lexmill_legal.redline import VERSION as REDLINE_VERSION
from lexmill_legal.redline import redline_docx
from lexmill_legal.result_lines import results_line
from lexmill_legal.results import (
    Attachment,
    Classification,
    Decision,
    DocumentResult,
    Extraction,
    Finding,
    ParsedDocument,
    Section,
)

VERSIONS: Mapping[str, str] = {
    "parse": parsing.VERSION,
    "ocr": ocr.VERSION,
    "classify": classify.VERSION,
    "segment": segment.VERSION,
    "extract": extract.VERSION,
    "check": playbook.VERSION,
    "redact": redaction.VERSION,
}
"""The stages that exist, in their fixed order, with the version that is part of a cache key."""

_INPUTS = {
    "parse": (),
    "ocr": ("parse",),
    "classify": ("parse", "ocr"),
    "segment": ("parse", "ocr"),
    "extract": ("parse", "ocr", "classify", "segment"),
    "check": ("parse", "ocr", "classify", "extract"),
    "redact": ("parse", "ocr", "classify", "extract"),
}


class Checked(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What the playbook says, and for a Word document with `redline` what it wants instead."""

    findings: tuple[Finding, ...] = ()
    redline: bytes = b""


_OUTPUTS: dict[str, Any] = {
    "parse": ParsedDocument,
    "ocr": Recognition,
    "classify": Classification,
    "segment": tuple[Section, ...],
    "extract": Extraction,
    "check": Checked,
    "redact": RedactedCopy,
}
_DECODERS = {stage: msgspec.msgpack.Decoder(output) for stage, output in _OUTPUTS.items()}


# English, Russian and a language that only the model of the language stage tells: each alone, as
# what is read late for one language is not read where another one prevails.
_WARM_UPS = (
    "This Agreement is made on 1 May 2024 between A Ltd and B Ltd.\n" * 5,
    "Договор поставки между ООО «А» и ООО «Б».\n" * 5,
    "Le présent contrat est soumis au droit français et prend effet à la date de signature.\n" * 20,
)


REDACT = "redact"

PRELOAD = (
    "lexmill_legal.*",
    # what libraries read only when a protected document comes
    "Cryptodome.Cipher._mode_ctr",
    "cryptography.hazmat.backends.openssl.backend",
    "xml.dom.expatbuilder",
    "numpy.ma",
    "lexmill_workers.stages:warm_up",
)
"""For the sandbox, inside which no file can be opened any more."""


class ReadPage(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What the OCR program wrote about the picture of a page, which is so large in pixels."""

    number: int
    width: int
    height: int
    tsv: bytes


class Readings(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """``engine`` is None where there is no OCR program here."""

    engine: str | None
    pages: tuple[ReadPage, ...] = ()


class PageRequest(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="page"):
    """Asks for the picture of one page."""

    data: bytes
    page: int
    passwords: tuple[str, ...]


class Request(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="stages"):
    """``known`` holds the outputs that need no work; ``stages`` those to make, in order.

    ``recognise``: the job has the stage `ocr`, so a scan is no failure of `parse`.
    ``redaction_key`` is derived from the customer's; ``unredactable`` is (code, message) of a
    redaction that was tried and could not be done here. ``decisions`` are what people decided
    about this document: no output of a stage but `check` knows them.
    """

    uri: str
    parent: str | None
    name: str
    sha256: str
    data: bytes
    playbook: str | None
    stages: tuple[str, ...]
    known: dict[str, bytes]
    passwords: tuple[str, ...] = ()
    recognise: bool = False
    redline: bool = False
    readings: Readings | None = None
    converted: bytes | None = None
    terms: str = ""
    redaction_key: bytes | None = None
    unredactable: tuple[str, str] | None = None
    decisions: tuple[Decision, ...] = ()


class AttachedFile(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    name: str
    data: bytes


class Reply(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """``error`` is (code, message) of a document that cannot be worked on.

    ``scans`` asks for ``readings`` of these pages: all else is empty then. ``made`` are the stages
    whose outputs hold for whoever works on the same document.
    """

    bundle: bytes = b""
    seconds: dict[str, float] = {}
    attachments: tuple[AttachedFile, ...] = ()
    error: tuple[str, str] | None = None
    scans: tuple[int, ...] = ()
    made: tuple[str, ...] = ()


def work(payload: bytes) -> bytes:
    """The sandbox's entry: Request to Reply, PageRequest to PageImage or None, all msgpack."""
    request = msgspec.msgpack.decode(payload, type=Request | PageRequest)
    if isinstance(request, Request):
        return msgspec.msgpack.encode(work_on(request))
    return msgspec.msgpack.encode(_page_image(request))


def _page_image(request: PageRequest) -> PageImage | None:
    """None where the page cannot be drawn: it stays unread."""
    try:
        return parsing.page_image(request.data, page=request.page, passwords=request.passwords)
    except DocumentError:
        return None


def warm_up() -> None:
    """Have read what the stages read late, and their patterns compiled, before the first fork."""
    for text in _WARM_UPS:
        work_on(
            Request(
                uri="",
                parent=None,
                name="",
                sha256="",
                data=text.encode(),
                playbook="name: none\nrules: []\n",
                stages=tuple(VERSIONS),
                known={},
                redaction_key=bytes(128),
            )
        )


def work_on(request: Request) -> Reply:
    seconds: dict[str, float] = {}
    try:
        return _run(request, seconds)
    except DocumentError as error:
        return Reply(seconds=seconds, error=(error.code, error.message))


def redacted_copy(bundle: Bundle) -> RedactedCopy | None:
    output = bundle.outputs.get(REDACT)
    return None if output is None else _DECODERS[REDACT].decode(output)


def stage_keys(
    *,
    sha256: str,
    name: str,
    playbook_sha256: str | None,
    stages: Sequence[str],
    passwords: Sequence[str] = (),
    terms: str = "",
    redaction_key: bytes | None = None,
    redline: bool = False,
    decisions: Sequence[Decision] = (),
) -> dict[str, bytes]:
    """The cache key of each stage: a hash of its version, its inputs' keys and its own inputs.

    The passwords count as an input, so that nobody reads a protected document by its hash. Of the
    key of pseudonyms only a part counts that no token is made with. People's decisions count, but
    only of `check`: they change nothing of what the engine reads.
    """
    keys: dict[str, bytes] = {}
    given = [_digest(tuple(passwords))] if passwords else []
    drawn = [f"redline {REDLINE_VERSION}"] if redline else []
    decided = [hashlib.sha256(msgspec.json.encode(decisions)).hexdigest()] if decisions else []
    own = {
        "parse": [sha256, _suffix(name), *given],
        "check": [playbook_sha256, *drawn, *decided],
        "redact": [
            hashlib.sha256(terms.encode()).hexdigest(),
            None if redaction_key is None else key_digest(redaction_key),
        ],
    }
    for stage in stages:
        parts = [
            stage,
            VERSIONS[stage],
            [keys[needed].hex() for needed in _INPUTS[stage] if needed in keys],
            own.get(stage),
        ]
        keys[stage] = hashlib.sha256(msgspec.json.encode(parts)).digest()
    return keys


@lru_cache(maxsize=4)
def _digest(passwords: tuple[str, ...]) -> str:
    """Slow on purpose: the keys are stored, and a password must not be guessed from them."""
    joined = "\0".join(passwords).encode()
    return hashlib.scrypt(joined, salt=b"lexmill stage key", n=1 << 14, r=8, p=1).hex()


def _suffix(name: str) -> str:
    """The part of a name that may decide how bytes are read."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def _run(request: Request, seconds: dict[str, float]) -> Reply:
    made: dict[str, Any] = {
        stage: _DECODERS[stage].decode(output) for stage, output in request.known.items()
    }
    attachments: tuple[Attachment, ...] = ()
    outputs: dict[str, bytes] = {}
    lasting = True
    for stage in request.stages:
        with _timed(stage, seconds):
            if stage == "ocr" and (scans := ocr.unread_places(made["parse"])):
                if request.readings is None:
                    return Reply(seconds=seconds, scans=tuple(scans))
                if request.readings.engine is None:
                    _refuse_unread(made["parse"], _NO_ENGINE)
                    # what follows holds only until there is an OCR program
                    lasting = False
                    continue
            output = _make(stage, request, made)
            if isinstance(output, ParsedDocument):
                attachments = output.attachments
                output = _without_data(output)
            made[stage] = output
            outputs[stage] = msgspec.msgpack.encode(output)
    if "ocr" in made:
        _refuse_unread(_layer(made), _NOTHING_READ)
    kept = tuple(outputs) if lasting else tuple(s for s in outputs if s == "parse")
    if request.unredactable is not None:
        kept = tuple(stage for stage in kept if stage != REDACT)
    copies = {REDACT: outputs.get(REDACT) or request.known[REDACT]} if REDACT in made else {}
    bundle = Bundle(
        # the reports need the copy, whoever made it
        outputs={stage: outputs[stage] for stage in kept} | copies,
        result=results_line(_result(request, made)),
        text=_layer(made).text,
        redline=made["check"].redline if "check" in made else b"",
    )
    return Reply(
        bundle=msgspec.msgpack.encode(bundle),
        seconds=seconds,
        attachments=tuple(AttachedFile(name=file.name, data=file.data) for file in attachments),
        made=kept,
    )


def _make(stage: str, request: Request, made: Mapping[str, Any]) -> Any:
    """One stage; a stage that was skipped counts as having found nothing."""
    if stage == "parse":
        return _parse(request)
    parsed = _layer(made)
    if stage == "ocr":
        return _recognition(request, parsed)
    if stage == "classify":
        return classify.classify(parsed)
    if stage == "segment":
        return segment.segment(parsed)
    if stage == "extract":
        classification: Classification = made.get("classify", Classification(languages=()))
        return extract.extract(parsed, classification, made.get("segment", ()))
    assert stage in {"check", REDACT}
    return (_checked if stage == "check" else _redacted)(request, parsed, made)


def _checked(request: Request, parsed: ParsedDocument, made: Mapping[str, Any]) -> Checked:
    assert request.playbook is not None
    rules = _loaded(request.playbook)
    decided = _decided(request, made, parsed)
    findings = playbook.check(
        rules,
        extraction=decided.extraction,
        clauses=decided.extraction.clauses,
        classification=decided.classification,
        warnings=parsed.warnings,
    )
    redline = None
    if request.redline and parsed.media_type == DOCX:
        redline = redline_docx(request.data, rules, findings)
    return Checked(findings=findings, redline=redline or b"")


def _redacted(request: Request, parsed: ParsedDocument, made: Mapping[str, Any]) -> RedactedCopy:
    if request.unredactable is not None:
        return redaction.not_redacted(*request.unredactable)
    return redaction.redact(
        request.data,
        parsed,
        made.get("classify", Classification(languages=())),
        made.get("extract", Extraction(facts=(), not_found=())).facts,
        _terms(request.terms),
        derived_key=request.redaction_key,
        passwords=request.passwords,
    )


def _decided(
    request: Request, made: Mapping[str, Any], parsed: ParsedDocument
) -> decisions.Decided:
    """What the engine found, as people have decided about it."""
    return decisions.decide(
        parsed,
        made.get("classify", Classification(languages=())),
        made.get("extract", Extraction(facts=(), not_found=())),
        request.decisions,
    )


def _parse(request: Request) -> ParsedDocument:
    if request.converted is not None:
        return parsing.parse_doc(request.converted)
    return parsing.parse(
        request.data,
        name=request.name,
        passwords=request.passwords,
        keep_scans=request.recognise,
    )


def _recognition(request: Request, parsed: ParsedDocument) -> Recognition:
    if request.readings is None or request.readings.engine is None:
        return Recognition()
    pages = ocr.unread_places(parsed)
    return Recognition(
        request.readings.engine,
        tuple(
            ocr.read_tsv(page.tsv, pages[page.number], width=page.width, height=page.height)
            for page in request.readings.pages
            if page.number in pages
        ),
    )


def _layer(made: Mapping[str, Any]) -> ParsedDocument:
    """The text layer with what was recognised in it."""
    parsed: ParsedDocument = made["parse"]
    return ocr.merged(parsed, made["ocr"]) if "ocr" in made else parsed


_NO_ENGINE = (
    "The document holds only pictures of text, which nothing recognises here (OCR). Where the"
    " workers run there must be Tesseract with the document's languages: the packages"
    " tesseract-ocr and, for Russian, tesseract-ocr-rus."
)
_NOTHING_READ = (
    "The document holds only pictures, and nothing could be recognised on them (OCR): they show no"
    " text, or text in a language whose Tesseract package is not installed where the workers run."
)


def _refuse_unread(parsed: ParsedDocument, reason: str) -> None:
    """A document of pictures without any text is not read, whatever else was done with it."""
    pictured = parsed.pages or parsed.pictures
    if pictured and not parsed.text.strip() and not parsed.attachments:
        raise DocumentError("needs_ocr", reason)


@lru_cache(maxsize=4)
def _loaded(source: str) -> playbook.Playbook:
    """Reading the YAML costs more than checking a document by it."""
    return playbook.load(source)


@lru_cache(maxsize=4)
def _terms(source: str) -> redaction.Terms:
    return redaction.load_terms(source)


def _result(request: Request, made: Mapping[str, Any]) -> DocumentResult:
    parsed = _layer(made)
    copy: RedactedCopy | None = made.get(REDACT)
    notice = redaction.redacted_notice(copy) if copy is not None else None
    decided = _decided(request, made, parsed)
    extraction = decided.extraction
    return DocumentResult(
        uri=request.uri,
        status="succeeded",
        parent=request.parent,
        sha256=request.sha256,
        media_type=parsed.media_type,
        languages=decided.classification.languages,
        warnings=parsed.warnings if notice is None else (notice, *parsed.warnings),
        text_sha256=hashlib.sha256(parsed.text.encode()).hexdigest(),
        facts=extraction.facts,
        not_found=extraction.not_found,
        outline=made.get("segment", ()),
        definitions=extraction.definitions,
        references=extraction.references,
        signatures=extraction.signatures,
        clauses=extraction.clauses,
        findings=made["check"].findings if "check" in made else (),
        revisions=parsed.revisions,
        redacted=None if copy is None else redaction.redacted_summary(copy),
        decisions=decided.decisions,
        versions={stage: _version(stage, made) for stage in made},
    )


def _version(stage: str, made: Mapping[str, Any]) -> str:
    """The stage's own, and that of the program which did its work."""
    engine = made["ocr"].engine if stage == "ocr" else ""
    return f"{VERSIONS[stage]} {engine}" if engine else VERSIONS[stage]


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
