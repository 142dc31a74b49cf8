"""The REST API for people, other systems and the scalers: a module a resource."""

from fastapi import APIRouter

from lexmill_api.v1 import dead, demand, documents, events, jobs, live, reviews, tokens
from lexmill_api.v1.answers import problems

router = APIRouter(
    responses=problems(
        "unauthorised",
        "forbidden",
        "invalid_request",
        "too_many_requests",
        "database_away",
        "identity_away",
    )
)
for resource in (demand, jobs, documents, events, dead, reviews, tokens, live):
    router.include_router(resource.router)

__all__ = ["router"]
