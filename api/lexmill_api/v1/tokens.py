"""API tokens of a namespace: for programs that have no identity of their own."""

import uuid
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from lexmill.access.service import MAX_DAYS, issue_token, list_tokens, revoke_token
from lexmill_api.access import Administrator, Namespace, Runtime
from lexmill_api.identity import Role
from lexmill_api.v1.answers import json_answer

router = APIRouter(prefix="/namespaces/{namespace}/tokens", tags=["tokens"])


class WantedToken(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=100, examples=["nightly upload"])
    roles: frozenset[Role] = Field(min_length=1, examples=[["submitter"]])
    days: int = Field(default=90, ge=1, le=MAX_DAYS, description="until it expires")


@router.post("", status_code=201)
async def post_token(
    runtime: Runtime, caller: Administrator, namespace: Namespace, wanted: WantedToken
) -> Response:
    """A new token; its secret is in this answer and nowhere else."""
    async with runtime.session() as session, session.begin():
        issued = await session.run_sync(
            lambda sync: issue_token(
                sync,
                namespace=namespace,
                name=wanted.name,
                roles=wanted.roles,
                days=wanted.days,
                by=caller.name,
            )
        )
    return json_answer(issued, 201)


@router.get("")
async def get_tokens(
    runtime: Runtime,
    _: Administrator,
    namespace: Namespace,
    after: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Tokens without their secrets, revoked and expired ones too."""
    async with runtime.session() as session:
        tokens = await session.run_sync(
            lambda sync: list_tokens(sync, namespace=namespace, after=after, limit=limit)
        )
    return json_answer(tokens)


@router.delete("/{token}")
async def delete_token(
    runtime: Runtime, caller: Administrator, namespace: Namespace, token: uuid.UUID
) -> Response:
    """Revoke it; every process knows within ten seconds."""
    async with runtime.session() as session, session.begin():
        revoked = await session.run_sync(
            lambda sync: revoke_token(sync, namespace=namespace, token=token, by=caller.name)
        )
    if revoked is None:
        raise HTTPException(404, "no such token is in this namespace")
    return json_answer(revoked)
