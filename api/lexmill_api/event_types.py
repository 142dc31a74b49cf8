"""What a sender can ask about events: the types that Lexmill itself defines."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lexmill.events.types import data_schema, describe_types
from lexmill_api.problems import problem_response


def event_type_routes() -> list[Route]:
    return [
        Route("/events/types", get_types),
        Route("/events/types/{type}", get_type),
    ]


async def get_types(_: Request) -> Response:
    return Response(msgspec.json.encode(describe_types()), media_type="application/json")


async def get_type(request: Request) -> Response:
    """The JSON Schema of one type's data."""
    schema = data_schema(request.path_params["type"])
    if schema is None:
        return problem_response(
            404,
            "unknown_type",
            "Lexmill does not define this event type; GET /events/types lists its own",
        )
    return Response(msgspec.json.encode(schema), media_type="application/schema+json")
