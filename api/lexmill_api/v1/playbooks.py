"""Playbooks of a namespace, by name; every version stays."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response

from lexmill.listing.pages import ListRequest
from lexmill.playbooks.schemas import PlaybookRow
from lexmill.playbooks.service import (
    PLAYBOOKS,
    add_playbook,
    find_playbook,
    list_playbooks,
    list_versions,
)
from lexmill_api.access import Getter, Lister, Submitter
from lexmill_api.namespaces import Database, NamespaceDatabase
from lexmill_api.v1.answers import (
    answers,
    content_answers,
    json_answer,
    page_answer,
    page_answers,
    problems,
)
from lexmill_api.v1.lists import list_request

router = APIRouter(prefix="/namespaces/{namespace}/playbooks", tags=["playbooks"])

Name = Annotated[str, Path(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")]
_UNKNOWN: Final = "no such playbook is in this namespace"
_PLAYBOOK: Final = """\
name: Non-disclosure agreements
our_role: receiving_party
rules:
  - id: term-not-longer-than-three-years
    limit: {fact: term, max: 36 months}
    message: We are bound for more than three years.
"""
_YAML: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/yaml": {"schema": {"type": "string", "examples": [_PLAYBOOK]}}},
    }
}
_ROW: Final = PlaybookRow(
    name="nda",
    number=3,
    sha256="5d" * 32,
    rules=1,
    created_by="oidc:anna",
    created_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
)
_TEXT: Final = content_answers(
    "application/yaml",
    _PLAYBOOK,
    description="as it was sent",
    headers={"ETag": "of this text", "Lexmill-Version": "the number of this version"},
)


class PlaybookVersions(msgspec.Struct, frozen=True, kw_only=True):
    versions: tuple[PlaybookRow, ...]


@router.get("", responses=page_answers(PlaybookRow, _ROW))
async def get_playbooks(
    request: Request,
    database: Database,
    _: Lister,
    asked: Annotated[ListRequest, Depends(list_request(PLAYBOOKS))],
) -> Response:
    """The newest version of each."""
    page = await database.run(
        lambda session: list_playbooks(session, namespace=database.name, request=asked)
    )
    return page_answer(request, page)


@router.put(
    "/{name}",
    status_code=201,
    responses=answers(PlaybookRow, _ROW, status=201, description="it is the newest version")
    | answers(PlaybookRow, _ROW, description="it was the newest version already")
    | problems("invalid_playbook"),
    openapi_extra=_YAML,
)
async def put_playbook(
    request: Request, database: Database, caller: Submitter, name: Name
) -> Response:
    """A new version, checked as a whole; 200 where it is the newest already."""
    source = await request.body()
    row, is_new = await database.run(
        lambda session: add_playbook(
            session, namespace=database.name, name=name, source=source, by=caller.name
        )
    )
    return json_answer(row, 201 if is_new else 200)


@router.get("/{name}", response_class=Response, responses=_TEXT | problems("not_found"))
async def get_playbook(database: Database, _: Getter, name: Name) -> Response:
    """The newest version as it was sent."""
    return await _text(database, name, None)


@router.get(
    "/{name}/versions",
    responses=answers(
        PlaybookVersions, PlaybookVersions(versions=(_ROW,)), description="without their texts"
    )
    | problems("not_found"),
)
async def get_versions(database: Database, _: Getter, name: Name) -> Response:
    """Every version, the newest first."""
    rows = await database.run(
        lambda session: list_versions(session, namespace=database.name, name=name)
    )
    if not rows:
        raise HTTPException(404, _UNKNOWN)
    return json_answer(PlaybookVersions(versions=tuple(rows)))


@router.get(
    "/{name}/versions/{number}",
    response_class=Response,
    responses=_TEXT | problems("not_found"),
)
async def get_version(
    database: Database,
    _: Getter,
    name: Name,
    number: Annotated[int, Path(ge=1, lt=1 << 31)],
) -> Response:
    """One version as it was sent."""
    return await _text(database, name, number)


async def _text(database: NamespaceDatabase, name: str, number: int | None) -> Response:
    found = await database.run(
        lambda session: find_playbook(session, namespace=database.name, name=name, number=number)
    )
    if found is None:
        raise HTTPException(404, _UNKNOWN)
    row, source = found
    headers = {"ETag": f'"{row.sha256}"', "Lexmill-Version": str(row.number)}
    return Response(source.encode(), 200, headers, "application/yaml")
