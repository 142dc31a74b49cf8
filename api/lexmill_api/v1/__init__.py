"""The REST API for people, other systems and the scalers: a module a resource."""

from fastapi import APIRouter

from lexmill_api.v1 import dead, demand, jobs, live, reviews, tokens

router = APIRouter()
for resource in (demand, jobs, dead, reviews, tokens, live):
    router.include_router(resource.router)

__all__ = ["router"]
