"""Playbooks of a namespace, by name; every version stays."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response

from lexmill.listing.pages import ListRequest
from lexmill.playbooks.service import (
    PLAYBOOKS,
    add_playbook,
    find_playbook,
    list_playbooks,
    list_versions,
)
from lexmill_api.access import Getter, Lister, Submitter
from lexmill_api.namespaces import Database, NamespaceDatabase
from lexmill_api.v1.answers import json_answer, page_answer, problems
from lexmill_api.v1.lists import list_request

router = APIRouter(
    prefix="/namespaces/{namespace}/playbooks",
    tags=["playbooks"],
    responses=problems("not_found", "invalid_playbook"),
)

Name = Annotated[str, Path(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")]
_UNKNOWN: Final = "no such playbook is in this namespace"
_YAML: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/yaml": {"schema": {"type": "string"}}},
    }
}


@router.get("")
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


@router.put("/{name}", status_code=201, openapi_extra=_YAML)
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


@router.get("/{name}")
async def get_playbook(database: Database, _: Getter, name: Name) -> Response:
    """The newest version as it was sent."""
    return await _text(database, name, None)


@router.get("/{name}/versions")
async def get_versions(database: Database, _: Getter, name: Name) -> Response:
    """Every version, the newest first."""
    rows = await database.run(
        lambda session: list_versions(session, namespace=database.name, name=name)
    )
    if not rows:
        raise HTTPException(404, _UNKNOWN)
    return json_answer({"versions": rows})


@router.get("/{name}/versions/{number}")
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
