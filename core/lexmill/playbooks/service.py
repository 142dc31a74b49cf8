"""Playbooks of a namespace: each text that was ever sent stays, by name and number."""

import hashlib
from collections.abc import Mapping
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, aliased

from lexmill import latches
from lexmill.audit.schemas import NewEntry
from lexmill.audit.service import append_audit
from lexmill.errors import ErrorClass, LexmillError
from lexmill.jobs.schemas import LegalJobSpec
from lexmill.latches import Turn
from lexmill.listing.pages import Key, Listing, ListRequest, Page, read_page
from lexmill.playbooks.models import PlaybookVersion
from lexmill.playbooks.schemas import PlaybookRow
from lexmill_legal import playbook
from lexmill_legal.errors import PlaybookError

_MOST_BYTES: Final = 1 << 20
_newer = aliased(PlaybookVersion)
_COLUMNS: Final = tuple(getattr(PlaybookVersion, name) for name in PlaybookRow.__struct_fields__)

PLAYBOOKS: Final = Listing(
    name="playbooks",
    query=select(*_COLUMNS).where(
        ~select(_newer.number)
        .where(
            _newer.namespace == PlaybookVersion.namespace,
            _newer.name == PlaybookVersion.name,
            _newer.number > PlaybookVersion.number,
        )
        .exists()
    ),
    record=PlaybookRow,
    namespace=PlaybookVersion.namespace,
    sorts={"name": (Key(PlaybookVersion.name, str),)},
    default_sort="name",
    filters={},
)


def list_playbooks(session: Session, *, namespace: str, request: ListRequest) -> Page[PlaybookRow]:
    return read_page(session, listing=PLAYBOOKS, namespace=namespace, request=request)


def add_playbook(
    session: Session, *, namespace: str, name: str, source: bytes, by: str
) -> tuple[PlaybookRow, bool]:
    """The newest version, and whether it is new: the text of the newest changes nothing.

    Raises LexmillError where the text is no playbook.
    """
    text, rules = _checked(source)
    sha256 = hashlib.sha256(source).hexdigest()
    # Two that add to one name at once: the number of the second waits for that of the first.
    latches.wait_for(session, Turn.PLAYBOOKS)
    newest = find_playbook(session, namespace=namespace, name=name)
    if newest is not None and newest[0].sha256 == sha256:
        return newest[0], False
    row = session.execute(
        insert(PlaybookVersion)
        .values(
            namespace=namespace,
            name=name,
            number=1 if newest is None else newest[0].number + 1,
            sha256=sha256,
            source=text,
            rules=rules,
            created_by=by,
        )
        .returning(*_COLUMNS)
    ).mappings()
    added = PlaybookRow(**row.one())
    entry = NewEntry(
        actor=by,
        action="playbook.added",
        subject={"playbook": name, "version": added.number},
        after={"sha256": sha256},
    )
    append_audit(session, namespace=namespace, entries=[entry])
    return added, True


def find_playbook(
    session: Session, *, namespace: str, name: str, number: int | None = None
) -> tuple[PlaybookRow, str] | None:
    """The version with its text; without a number the newest."""
    query = (
        select(*_COLUMNS, PlaybookVersion.source)
        .where(PlaybookVersion.namespace == namespace, PlaybookVersion.name == name)
        .order_by(PlaybookVersion.number.desc())
        .limit(1)
    )
    if number is not None:
        query = query.where(PlaybookVersion.number == number)
    row = session.execute(query).mappings().one_or_none()
    if row is None:
        return None
    return PlaybookRow(**{name: row[name] for name in PlaybookRow.__struct_fields__}), row["source"]


def list_versions(session: Session, *, namespace: str, name: str) -> list[PlaybookRow]:
    """The newest first; 500 at most, older ones by their number."""
    rows = session.execute(
        select(*_COLUMNS)
        .where(PlaybookVersion.namespace == namespace, PlaybookVersion.name == name)
        .order_by(PlaybookVersion.number.desc())
        .limit(500)
    )
    return [PlaybookRow(**row) for row in rows.mappings()]


def with_playbook(
    session: Session,
    *,
    namespace: str,
    spec: LegalJobSpec,
    config_maps: Mapping[str, Mapping[str, str]],
) -> dict[str, dict[str, str]]:
    """The texts of a declaration with the playbook that it names, where it does not bring it.

    The newest version, from now on that of the job: whoever changes the playbook changes no job.
    """
    given = {name: dict(entries) for name, entries in config_maps.items()}
    if spec.playbook is None or spec.playbook.config_map.name in given:
        return given
    wanted = spec.playbook.config_map
    found = find_playbook(session, namespace=namespace, name=wanted.name)
    if found is not None:
        given[wanted.name] = {wanted.key or "playbook.yaml": found[1]}
    return given


def _checked(source: bytes) -> tuple[str, int]:
    try:
        if len(source) > _MOST_BYTES:
            raise _invalid(f"a playbook has at most {_MOST_BYTES >> 10} KiB")
        text = source.decode()
        if "\0" in text:
            raise _invalid("it is no text: there is a NUL character in it")
        return text, len(playbook.load(text).rules)
    except UnicodeDecodeError as error:
        raise _invalid("it is not UTF-8") from error
    except PlaybookError as error:
        raise _invalid(str(error)) from error


def _invalid(message: str) -> LexmillError:
    return LexmillError("invalid_playbook", message, ErrorClass.DOCUMENT)
