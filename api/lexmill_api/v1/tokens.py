"""API tokens of a namespace: for programs that have no identity of their own."""

import uuid
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from lexmill.access.service import MAX_DAYS, issue_token, list_tokens, revoke_token
from lexmill_api.access import Administrator
from lexmill_api.identity import Role
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import json_answer

router = APIRouter(prefix="/namespaces/{namespace}/tokens", tags=["tokens"])


class WantedToken(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=100, examples=["nightly upload"])
    roles: frozenset[Role] = Field(min_length=1, examples=[["submitter"]])
    days: int = Field(default=90, ge=1, le=MAX_DAYS, description="until it expires")


@router.post("", status_code=201)
async def post_token(database: Database, caller: Administrator, wanted: WantedToken) -> Response:
    """A new token; its secret is in this answer and nowhere else."""
    issued = await database.run(
        lambda session: issue_token(
            session,
            namespace=database.name,
            name=wanted.name,
            roles=wanted.roles,
            days=wanted.days,
            by=caller.name,
        )
    )
    return json_answer(issued, 201)


@router.get("")
async def get_tokens(
    database: Database,
    _: Administrator,
    after: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Tokens without their secrets, revoked and expired ones too."""
    tokens = await database.run(
        lambda session: list_tokens(session, namespace=database.name, after=after, limit=limit)
    )
    return json_answer(tokens)


@router.delete("/{token}")
async def delete_token(database: Database, caller: Administrator, token: uuid.UUID) -> Response:
    """Revoke it; every process knows within ten seconds."""
    revoked = await database.run(
        lambda session: revoke_token(session, namespace=database.name, token=token, by=caller.name)
    )
    if revoked is None:
        raise HTTPException(404, "no such token is in this namespace")
    return json_answer(revoked)
