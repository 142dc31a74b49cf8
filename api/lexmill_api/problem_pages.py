"""What a problem's `type` leads to."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lexmill_api.problem_types import PROBLEM_TYPES, PROBLEMS
from lexmill_api.problems import problem_response


async def _get(request: Request) -> Response:
    known = PROBLEM_TYPES.get(request.path_params["code"])
    if known is None:
        return problem_response(404, "not_found", "there is no problem of this code")
    return PlainTextResponse(f"{known.status} {known.title}\n\n{known.advice}\n")


def problem_routes() -> list[Route]:
    return [Route(f"{PROBLEMS}{{code}}", _get)]
