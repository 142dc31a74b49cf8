"""The REST API for people, other systems and the scalers: a module a resource."""

from fastapi import APIRouter

from lexmill_api.v1 import (
    contents,
    dead,
    demand,
    documents,
    events,
    facts,
    jobs,
    live,
    playbooks,
    records,
    reports,
    reviews,
    statistics,
    tokens,
    uploads,
)
from lexmill_api.v1.answers import COMMON, problems

# FastAPI would describe an error of its own where none is given.
router = APIRouter(responses=problems(*COMMON))
for resource in (
    demand,
    jobs,
    documents,
    events,
    dead,
    reviews,
    facts,
    statistics,
    tokens,
    live,
    uploads,
    contents,
    reports,
    records,
    playbooks,
):
    router.include_router(resource.router)
router.include_router(uploads.addresses)

__all__ = ["router"]
