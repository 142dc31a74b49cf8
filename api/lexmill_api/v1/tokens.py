"""API tokens of a namespace: for programs that have no identity of their own."""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from lexmill.access.listing import TOKENS, list_tokens
from lexmill.access.schemas import IssuedToken, TokenRecord
from lexmill.access.service import MAX_DAYS, issue_token, revoke_token
from lexmill.listing.schemas import ListRequest
from lexmill_api.access import Administrator
from lexmill_api.identity import Role
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import answers, json_answer, page_answer, page_answers, problems
from lexmill_api.v1.lists import list_request
from lexmill_api.v1.numbers import WHOLE

router = APIRouter(prefix="/namespaces/{namespace}/tokens", tags=["tokens"])

_TOKEN: Final = TokenRecord(
    id=uuid.UUID("0b0e9c1d-8a39-4b6e-9c53-0a8f5d2e6f11"),
    namespace="team-a",
    name="nightly upload",
    roles=("submitter",),
    created_by="oidc:anna",
    created_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    expires_at=datetime(2027, 2, 20, 9, 30, tzinfo=UTC),
    revoked_at=None,
    revoked_by=None,
)
_ISSUED: Final = IssuedToken(token=_TOKEN, secret="lxm_…")  # noqa: S106 - an example
_REVOKE: Final = {
    "revoke": {
        "operationId": "revoke_token",
        "parameters": {"path.id": "$response.body#/token/id"},
    }
}


class WantedToken(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$", examples=["upload"])
    roles: tuple[Role, ...] = Field(min_length=1, max_length=20, examples=[["submitter"]])
    days: Annotated[
        int, Field(ge=1, le=MAX_DAYS, strict=True, description="until it expires"), WHOLE
    ] = 90


def _issued() -> dict[int | str, dict[str, object]]:
    found = answers(IssuedToken, _ISSUED, status=201, description="with its secret")
    return {status: {**answer, "links": _REVOKE} for status, answer in found.items()}


@router.post("", status_code=201, responses={**_issued(), **problems("too_many_tokens")})
async def post_token(database: Database, caller: Administrator, wanted: WantedToken) -> Response:
    """A new token; its secret is in this answer and nowhere else.

    So there is no Idempotency-Key: the answer would have to be kept. Revoke what came too often.
    """
    issued = await database.run(
        lambda session: issue_token(
            session,
            namespace=database.name,
            name=wanted.name,
            roles=frozenset(wanted.roles),
            days=wanted.days,
            by=caller.name,
        )
    )
    return json_answer(issued, 201)


@router.get("", responses=page_answers(TokenRecord, _TOKEN))
async def get_tokens(
    request: Request,
    database: Database,
    _: Administrator,
    asked: Annotated[ListRequest, Depends(list_request(TOKENS))],
) -> Response:
    """Tokens without their secrets, revoked and expired ones too."""
    page = await database.run(
        lambda session: list_tokens(session, namespace=database.name, request=asked)
    )
    return page_answer(request, page)


@router.delete(
    "/{id}",
    operation_id="revoke_token",
    responses={
        **answers(TokenRecord, _TOKEN, description="as it is now"),
        **problems("not_found"),
    },
)
async def delete_token(
    database: Database, caller: Administrator, token: Annotated[uuid.UUID, Path(alias="id")]
) -> Response:
    """Revoke it; every process knows within ten seconds. Again is no error."""
    revoked = await database.run(
        lambda session: revoke_token(session, namespace=database.name, token=token, by=caller.name)
    )
    if revoked is None:
        raise HTTPException(404, "no such token is in this namespace")
    return json_answer(revoked)
