"""The files that a job's runs have written into Lexmill's own store."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Path, Request, Response

from lexmill.documents.contents import own_key
from lexmill.errors import LexmillError
from lexmill.jobs.reports import RunReports, find_reports
from lexmill.jobs.schemas import ResultFile, ResultFiles
from lexmill.storage.objects import Objects
from lexmill_api.access import Getter, Runtime
from lexmill_api.downloads import BYTES, object_answer
from lexmill_api.namespaces import Database, NamespaceDatabase
from lexmill_api.v1.answers import answers, file_answers, json_answer, problems
from lexmill_api.v1.jobs import JobName

router = APIRouter(
    prefix="/namespaces/{namespace}/jobs/{name}/results",
    tags=["results"],
)

_UNKNOWN = "no such job is in this namespace"
_MOST_FILES = 500
_KINDS = {
    "jsonl": "application/jsonl",
    "json": "application/json",
    "ics": "text/calendar",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


_FILES: Final = ResultFiles(
    uri=None,
    files=(
        ResultFile(
            run=1,
            name="results.jsonl",
            bytes=48_213,
            url="/v1/namespaces/legal/jobs/nda-2026/results/1/results.jsonl",
        ),
    ),
    is_whole=True,
)


@router.get(
    "",
    responses=answers(ResultFiles, _FILES, description="the files, or where they are")
    | problems("not_found"),
)
async def get_results(runtime: Runtime, database: Database, _: Getter, name: JobName) -> Response:
    """The files of finished runs, newest run first."""
    reports = await _reports(database, name)
    base = f"/v1/namespaces/{database.name}/jobs/{name}/results"
    return json_answer(await asyncio.to_thread(_list, runtime.objects, reports, base))


@router.get(
    "/{run}/{file:path}",
    response_class=Response,
    responses=file_answers(BYTES, *_KINDS.values(), codes=("not_found", "foreign_object")),
)
async def get_result_file(  # noqa: PLR0917 - what a route is told comes as parameters
    request: Request,
    runtime: Runtime,
    database: Database,
    _: Getter,
    name: JobName,
    run: Annotated[int, Path(ge=1)],
    file: str,
) -> Response:
    """One of them, to be saved; with Range a part of it."""
    reports = await _reports(database, name)
    if run not in reports.runs:
        raise HTTPException(404, "this job has no finished run of this number")
    key = own_key(database.name, f"{reports.folder}{run}/{file}")
    kind = _KINDS.get(file.rpartition(".")[2], BYTES)
    try:
        return await object_answer(request, runtime.objects, key, file.rpartition("/")[2], kind)
    except LexmillError as error:
        if error.code != "object_missing":
            raise
        raise HTTPException(404, "this run has written no file of this name") from error


async def _reports(database: NamespaceDatabase, name: str) -> RunReports:
    reports = await database.run(
        lambda session: find_reports(session, namespace=database.name, job=name)
    )
    if reports is None:
        raise HTTPException(404, _UNKNOWN)
    return reports


def _list(objects: Objects, reports: RunReports, base: str) -> ResultFiles:
    files: list[ResultFile] = []
    for run in () if reports.uri else reports.runs:
        folder = f"{reports.folder}{run}/"
        for key, size in sorted(objects.sizes(folder).items()):
            name = key.removeprefix(folder)
            files.append(ResultFile(run=run, name=name, bytes=size, url=f"{base}/{run}/{name}"))
        if len(files) > _MOST_FILES:
            break
    return ResultFiles(
        uri=reports.uri, files=tuple(files[:_MOST_FILES]), is_whole=len(files) <= _MOST_FILES
    )
