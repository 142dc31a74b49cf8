import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Body, Depends, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from lexmill.jobs.listing import JOBS, list_jobs
from lexmill.jobs.orders import (
    Expected,
    order_cancel,
    order_delete,
    order_job,
    order_replay,
    order_resume,
    order_suspend,
    read_declaration,
)
from lexmill.jobs.schemas import (
    MAIN_POOL,
    DnsLabel,
    DnsSubdomain,
    DocumentCounts,
    JobDeclaration,
    JobProgress,
    JobRow,
    LegalJobSpec,
    ReplayedJob,
    RunProgress,
    StageTime,
)
from lexmill.jobs.service import read_progress
from lexmill.listing.schemas import ListRequest
from lexmill.playbooks.service import with_playbook
from lexmill.scaling.schemas import PoolBacklog
from lexmill.scaling.service import read_backlog
from lexmill.tasks.service import count_busy
from lexmill_api.access import Administrator, Controller, Getter, Lister, Submitter
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import (
    Answers,
    answers,
    json_answer,
    page_answer,
    page_answers,
    problems,
)
from lexmill_api.v1.etags import IfMatch, IfNoneMatch, tagged_answer
from lexmill_api.v1.lists import list_request
from lexmill_api.v1.once import Done, Once, OnceOnly
from lexmill_api.v1.texts import without_nul

router = APIRouter(prefix="/namespaces/{namespace}/jobs", tags=["jobs"])

JobName = Annotated[DnsSubdomain, Path()]
PoolName = Annotated[DnsLabel, Query()]

_UID: Final = uuid.UUID("7f9c2ba4-e88f-427d-8c3a-1a5a1de7f5c2")
_TIME: Final = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
_HASH: Final = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
_ROW: Final = JobRow(
    uid=_UID,
    name="nda-2026",
    owner="api",
    generation=1,
    matter="ACME-2026-14",
    state="Running",
    reason=None,
    message=None,
    declared_at=_TIME,
    ended_at=None,
    next_run_at=None,
)
_RUN: Final = RunProgress(
    number=1, started_at=_TIME, finished_at=None, total=40, succeeded=11, failed=1, dead=0
)
_PROGRESS: Final = JobProgress(
    uid=str(_UID),
    namespace="legal",
    name="nda-2026",
    generation=1,
    spec_hash=_HASH,
    run=1,
    state="Running",
    reason=None,
    message=None,
    listing_done=True,
    documents=DocumentCounts(listed=36, total=40, queued=26, running=2, succeeded=11, failed=1),
    stages=(StageTime(stage="parse", visits=12, seconds=3.5, reused=2),),
    declared_at=_TIME,
    run_started_at=_TIME,
    finished_at=None,
    runs=(_RUN,),
    owner="api",
    matter="ACME-2026-14",
    version="9d5ed678fe57bcca",
)
_SPEC: Final[dict[str, Any]] = {
    "matter": "ACME-2026-14",
    "documents": [{"uri": "s3://contracts/2026/", "include": ["*.pdf", "*.docx"]}],
    "output": {"uri": "s3://results/2026/", "formats": ["json", "xlsx"]},
}
_DECLARATION: Final = JobDeclaration(
    uid=_UID,
    name="nda-2026",
    owner="api",
    generation=1,
    spec={**_SPEC, "pools": []},
    config_maps={},
    version="9d5ed678fe57bcca",
)
_TAG: Final = {"ETag": "for If-None-Match, and for If-Match of what changes the job"}
_OWNED: Final = ("owned_by_kubernetes", "owned_by_command")


class BusyWorkers(msgspec.Struct, frozen=True, kw_only=True):
    """Visits under way by worker; idle workers are not among them."""

    busy: dict[str, int]


class WantedJob(BaseModel):
    """A new job. The spec is that of a LegalJob; ``config_maps`` are the texts that it names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: DnsSubdomain = Field(examples=["nda-2026"])
    spec: LegalJobSpec = Field(examples=[_SPEC])
    config_maps: dict[str, dict[str, str]] = Field(
        default={}, description="texts by name and key, such as a playbook", max_length=32
    )

    @model_validator(mode="before")
    @classmethod
    def _has_no_nul(cls, given: Any) -> Any:
        return without_nul(given)


class Replay(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    states: frozenset[Literal["dead", "failed"]] = Field(
        default=frozenset({"dead"}), min_length=1, description="which documents"
    )


def _progress(session: Session, namespace: str, name: str) -> JobProgress:
    progress = read_progress(session, namespace=namespace, name=name)
    if progress is None:
        raise HTTPException(404, "no such job is in this namespace")
    return progress


def _answers(description: str, *codes: str, status: int = 200) -> Answers:
    """Of a route that answers how the job is now."""
    return {
        **answers(JobProgress, _PROGRESS, status=status, description=description, headers=_TAG),
        **problems(*codes),
    }


@router.get("", responses=page_answers(JobRow, _ROW))
async def get_jobs(
    request: Request,
    database: Database,
    _: Lister,
    asked: Annotated[ListRequest, Depends(list_request(JOBS))],
) -> Response:
    """Jobs that were not deleted, the newest first."""
    page = await database.run(
        lambda session: list_jobs(session, namespace=database.name, request=asked)
    )
    return page_answer(request, page)


@router.post(
    "",
    status_code=201,
    responses=_answers("it is declared", "job_exists", "uri_not_allowed", status=201),
)
async def post_job(once: Once, _: Submitter, wanted: WantedJob) -> Response:
    """Declare a job; its work begins at once, unless the spec suspends it."""

    def declare(session: Session) -> Done:
        wake_ups = order_job(
            session,
            namespace=once.namespace,
            name=wanted.name,
            spec=wanted.spec,
            config_maps=with_playbook(
                session,
                namespace=once.namespace,
                spec=wanted.spec,
                config_maps=wanted.config_maps,
            ),
        )
        progress = _progress(session, once.namespace, wanted.name)
        address = f"/v1/namespaces/{once.namespace}/jobs/{wanted.name}"
        return Done(
            progress, 201, {"Location": address}, wake_ups=wake_ups, version=progress.version
        )

    return await once.run(declare)


@router.get("/{name}", responses=_answers("how far it is", "not_found"))
async def get_job(
    database: Database, _: Getter, name: JobName, if_none_match: IfNoneMatch = None
) -> Response:
    """How far the newest run of a job is."""
    progress = await database.run(lambda session: _progress(session, database.name, name))
    return tagged_answer(progress, version=progress.version, if_none_match=if_none_match)


@router.get(
    "/{name}/declaration",
    responses={
        **answers(JobDeclaration, _DECLARATION, description="as it was declared", headers=_TAG),
        **problems("not_found"),
    },
)
async def get_declaration(
    database: Database, _: Getter, name: JobName, if_none_match: IfNoneMatch = None
) -> Response:
    """What was declared: the spec, and the texts that it names."""
    declaration = await database.run(
        lambda session: read_declaration(session, namespace=database.name, name=name)
    )
    if declaration is None:
        raise HTTPException(404, "no such job is in this namespace")
    return tagged_answer(declaration, version=declaration.version, if_none_match=if_none_match)


@router.get(
    "/{name}/workers",
    responses={
        **answers(
            BusyWorkers,
            BusyWorkers(busy={"nda-2026-main-7d4b9c-x2x9p": 1}),
            description="visits under way by worker",
        ),
        **problems("not_found"),
    },
)
async def get_workers(
    database: Database, _: Getter, name: JobName, pool: PoolName = MAIN_POOL
) -> Response:
    """How many visits each busy worker of a pool has under way; idle workers are not among them."""
    busy = await database.run(
        lambda session: count_busy(session, namespace=database.name, name=name, pool=pool)
    )
    if busy is None:
        raise HTTPException(404, "no such job is in this namespace")
    return json_answer(BusyWorkers(busy=busy))


@router.get(
    "/{name}/demand",
    responses={
        **answers(
            PoolBacklog,
            PoolBacklog(waiting=26, running=2, delayed=1, backlog=28),
            description="the open tasks of a pool",
        ),
        **problems("not_found"),
    },
)
async def get_job_demand(
    database: Database, _: Getter, name: JobName, pool: PoolName = MAIN_POOL
) -> Response:
    """What asks for workers of a pool, for autoscalers: `backlog` is what waits and what runs.

    Of a suspended job only what runs.
    """
    backlog = await database.run(
        lambda session: read_backlog(session, namespace=database.name, name=name, pool=pool)
    )
    if backlog is None:
        raise HTTPException(404, "no such job is in this namespace")
    return json_answer(backlog)


_ORDERED: Final = _answers("how it is now", "not_found", "job_ended", *_OWNED)


async def _order(
    once: OnceOnly, name: str, expected: Expected, order: Callable[..., object]
) -> Response:
    def obey(session: Session) -> Done:
        order(session, namespace=once.namespace, name=name, expected=expected)
        progress = _progress(session, once.namespace, name)
        return Done(progress, version=progress.version)

    return await once.run(obey)


@router.post("/{name}/cancel", responses=_ORDERED)
async def post_cancel(once: Once, _: Controller, name: JobName, if_match: IfMatch) -> Response:
    """Stop it: documents that are not done end as `dead` and may be replayed."""
    return await _order(once, name, if_match, order_cancel)


@router.post("/{name}/suspend", responses=_ORDERED)
async def post_suspend(once: Once, _: Controller, name: JobName, if_match: IfMatch) -> Response:
    """Begin nothing new until it is resumed; what runs ends in order."""
    return await _order(once, name, if_match, order_suspend)


@router.post("/{name}/resume", responses=_ORDERED)
async def post_resume(once: Once, _: Controller, name: JobName, if_match: IfMatch) -> Response:
    """Go on; deadlines begin anew, a schedule goes on with its next tick."""
    return await _order(once, name, if_match, order_resume)


@router.post(
    "/{name}/replay",
    status_code=202,
    responses={
        **answers(
            ReplayedJob,
            ReplayedJob(queued=12, more=False),
            status=202,
            description="they are queued",
        ),
        **problems("not_found"),
    },
)
async def post_replay(
    once: Once,
    _: Submitter,
    name: JobName,
    wanted: Annotated[Replay, Body(default_factory=Replay, examples=[{"states": ["dead"]}])],
) -> Response:
    """Try a job's dead documents again, its failed ones where asked for, in a new run.

    Up to 20,000 at once: ask again while `more` is true.
    """

    def replay(session: Session) -> Done:
        replayed, wake_ups = order_replay(
            session, namespace=once.namespace, name=name, states=sorted(wanted.states)
        )
        return Done(replayed, 202, wake_ups=wake_ups)

    return await once.run(replay)


@router.delete(
    "/{name}",
    status_code=204,
    responses={
        204: {"description": "it is deleted"},
        **problems("not_found", *_OWNED),
    },
)
async def delete_job(
    database: Database, _: Administrator, name: JobName, if_match: IfMatch
) -> Response:
    """Delete it: its name is free again, what is open ends as `dead`; its results stay."""
    await database.run(
        lambda session: order_delete(session, namespace=database.name, name=name, expected=if_match)
    )
    return Response(status_code=204)
