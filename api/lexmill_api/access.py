"""What each route asks before it does anything: who is it, and may they do this here?"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from lexmill_api.identity import Access, Action, Caller, UndecidedError
from lexmill_api.problems import problem_response
from lexmill_api.rates import unknown_at
from lexmill_api.runtime import ApiRuntime

_bearer = HTTPBearer(
    auto_error=False,
    description="a token of the OpenID Connect provider, of a service account, or of Lexmill",
)

_TOO_OFTEN = "this client asks too often; Retry-After says when to come again"
_AWAY = "who could say whose the token is does not answer"
_COME_AGAIN = {"Retry-After": "2"}

Namespace = Annotated[str, Path(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]


def get_runtime(connection: HTTPConnection) -> ApiRuntime:
    runtime: ApiRuntime = connection.app.state.runtime
    return runtime


Runtime = Annotated[ApiRuntime, Depends(get_runtime)]


async def identified(
    request: Request,
    runtime: Runtime,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Who asks; each may ask so often, and so may each address from which nobody known asks."""
    address = request.client.host if request.client else ""
    if credentials is None:
        _take(request, runtime, unknown_at(address))
        raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
    try:
        caller = await runtime.identities.identify(credentials.credentials.encode())
    except UndecidedError as error:
        raise _away() from error
    if caller is None:
        _take(request, runtime, unknown_at(address))
        raise HTTPException(
            401,
            "this token is not known here, is not for this API, or has expired",
            {"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    if not caller.controls:
        _take(request, runtime, f"caller {caller.name}")
    return caller


async def counted_by_address(request: Request, runtime: Runtime) -> None:
    """For what needs no token because its address is the secret."""
    _take(request, runtime, f"address {request.client.host if request.client else ''}")


Anybody = Annotated[None, Depends(counted_by_address)]


def _take(request: Request, runtime: ApiRuntime, client: str) -> None:
    allowance = runtime.rates.take(client)
    request.state.headers.update(runtime.rates.headers(allowance))
    if not allowance.granted:
        raise HTTPException(429, _TOO_OFTEN)


Identified = Annotated[Caller, Depends(identified)]


def may_still(runtime: ApiRuntime, token: str, action: Action) -> Callable[[str], Awaitable[bool]]:
    """For what stays open: whether the token is still good for a namespace. In doubt it is."""

    async def ask(namespace: str) -> bool:
        access = await runtime.identities.access(token.encode(), action, namespace)
        return access in {Access.GRANTED, Access.UNDECIDED}

    return ask


async def socket_refusal(runtime: ApiRuntime, token: str, address: str) -> Response | None:
    """Why a WebSocket is not opened, as `identified` says it of requests."""
    try:
        caller = await runtime.identities.identify(token.encode())
    except UndecidedError:
        return problem_response(503, "identity_away", _AWAY, _COME_AGAIN)
    if caller is None or not caller.controls:
        allowance = runtime.rates.take(f"caller {caller.name}" if caller else unknown_at(address))
        if not allowance.granted:
            headers = runtime.rates.headers(allowance)
            return problem_response(429, "too_many_requests", _TOO_OFTEN, headers)
    if caller is None:
        return problem_response(401, "unauthorised", "a bearer token that is good is needed")
    return None


async def bearer_token(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    return "" if credentials is None else credentials.credentials


Token = Annotated[str, Depends(bearer_token)]


def may(action: Action) -> Callable[..., Awaitable[Caller]]:
    """A dependency of routes beneath ``/namespaces/{namespace}``; it answers who the caller is."""

    async def check(runtime: Runtime, caller: Identified, namespace: Namespace) -> Caller:
        try:
            granted = await runtime.identities.may(caller, action, namespace)
        except UndecidedError as error:
            raise _away() from error
        if not granted:
            raise HTTPException(
                403, f"{caller.name} may not {action.verb} legaljobs in the namespace {namespace}"
            )
        return caller

    return check


async def controls(caller: Identified) -> Caller:
    """The operator, or whoever has the control token: what concerns all namespaces."""
    if not caller.controls:
        raise HTTPException(403, f"{caller.name} may not see all namespaces")
    return caller


Getter = Annotated[Caller, Depends(may(Action.GET))]
Lister = Annotated[Caller, Depends(may(Action.LIST))]
Submitter = Annotated[Caller, Depends(may(Action.SUBMIT))]
Controller = Annotated[Caller, Depends(may(Action.CONTROL))]
Reviewer = Annotated[Caller, Depends(may(Action.REVIEW))]
Administrator = Annotated[Caller, Depends(may(Action.ADMINISTER))]


def _away() -> HTTPException:
    return HTTPException(503, _AWAY, _COME_AGAIN)
