"""Every public operation of the API has a method of the client, and every filter a name in it."""

import inspect
import io
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from typing import Any, get_type_hints

import pytest
from starlette.routing import compile_path

from lexmill.client import audit, dead, documents, events, facts, jobs, records, reviews, tokens
from lexmill.client.api import ApiClient
from lexmill.client.connection import Rows
from lexmill.documents.schemas import DocumentState
from lexmill.errors import LexmillError
from lexmill.jobs.schemas import JobProgress, LegalJobSpec
from lexmill.reviews.schemas import Change, NewDecision
from tests.api.asking import Api
from tests.processes import TOKEN

pytestmark = pytest.mark.servers

NS = "tour"
TEXT = b"This Agreement is made on 1 May 2024 between A Ltd and B Ltd.\n"
PLAYBOOK = b"rules:\n  - id: law\n    require: {fact: governing_law}\n    message: No law.\n"
HASH = "9f" * 32

Asked = list[tuple[str, str]]


@pytest.fixture
def asked(api: Api) -> Iterator[tuple[ApiClient, Asked]]:
    """A client, and what it has asked for so far: methods and paths."""
    seen: Asked = []
    with ApiClient(api.process.url, token=TOKEN, source="/tests") as client:
        hooks = client._connection._http.event_hooks
        hooks["request"] = [lambda request: seen.append((request.method, request.url.path))]
        client._connection._http.event_hooks = hooks
        yield client, seen


def operations(api: Api) -> list[tuple[str, str]]:
    paths = api.get("/v1/openapi.json").json()["paths"]
    return [(method.upper(), f"/v1{path}") for path in paths for method in paths[path]]


def refused(code: str, call: Callable[[], Any]) -> None:
    with pytest.raises(LexmillError) as caught:
        call()
    assert caught.value.code == code


def drained(pieces: AbstractContextManager[Iterator[bytes]]) -> bytes:
    with pieces as found:
        return b"".join(found)


def test_every_operation_has_a_method(api: Api, asked: tuple[ApiClient, Asked]) -> None:
    client, seen = asked
    tour_of_jobs(client)
    tour_of_documents(client)
    tour_of_records(client)
    tour_of_the_rest(client)
    missing = [
        f"{method} {path}"
        for method, path in operations(api)
        if not any(method == done and compile_path(path)[0].match(place) for done, place in seen)
    ]
    assert missing == []


def tour_of_jobs(client: ApiClient) -> None:
    spec = LegalJobSpec.model_validate({"trigger": {}, "matter": "M-1"})
    declared = client.jobs.declare(NS, name="tour", spec=spec)
    assert (declared.state, declared.matter) == ("Pending", "M-1")
    assert [job.name for job in client.jobs.list(NS, matter="M-1", state="Running")] == ["tour"]
    assert client.jobs.get(NS, "tour") == client.jobs.find(NS, "tour")
    assert client.jobs.find(NS, "other") is None
    assert client.jobs.declaration(NS, "tour").spec["matter"] == "M-1"
    assert client.jobs.busy_workers(NS, "tour", pool="main") == {}
    assert client.jobs.backlog(NS, "tour", pool="main").backlog == 0
    assert client.jobs.suspend(NS, "tour", if_match=declared.version).state == "Suspended"
    refused("changed_meanwhile", lambda: client.jobs.resume(NS, "tour", if_match=declared.version))
    assert client.jobs.resume(NS, "tour").state == "Pending"
    assert client.jobs.replay(NS, "tour") == 0
    assert client.jobs.results(NS, "tour").files == ()
    refused(
        "not_found",
        lambda: drained(client.jobs.result_file(NS, "tour", run=1, file="results.jsonl")),
    )
    client.jobs.declare(NS, name="short", spec=spec)
    assert client.jobs.cancel(NS, "short").state == "Failed"
    client.jobs.delete(NS, "short")
    assert client.jobs.find(NS, "short") is None


def tour_of_documents(client: ApiClient) -> None:
    sent = client.uploads.send(NS, "tour", file=io.BytesIO(TEXT), name="a.txt", key="k")
    again = client.uploads.send(NS, "tour", file=io.BytesIO(TEXT), name="a.txt", key="k")
    assert (again.id, again.state) == (sent.id, "duplicate")
    presigned = client.uploads.presign(NS, "tour", name="b.txt")
    other = client.uploads.put(presigned, io.BytesIO(TEXT))
    assert client.uploads.complete(NS, presigned.id).id == other.id
    assert {row.id for row in client.documents.list(NS, state="queued")} == {sent.id, other.id}
    assert client.documents.get(NS, sent.id).name == "a.txt"
    assert drained(client.documents.part(NS, sent.id, "source")) == TEXT
    refused("not_ended", lambda: drained(client.documents.part(NS, sent.id, "text")))
    refused("not_ended", lambda: drained(client.documents.part(NS, sent.id, "result")))
    refused("no_page_image", lambda: drained(client.documents.page_image(NS, sent.id, 1)))
    assert [each.id for each in client.documents.family(NS, sent.id).members] == [sent.id]
    assert client.documents.recheck(NS, sent.id) == 0
    with closing(client.live.watch(NS, documents=[sent.id])) as news:
        first = next(news)
    assert isinstance(first, DocumentState)
    assert (first.id, first.state) == (sent.id, "queued")


def tour_of_records(client: ApiClient) -> None:
    document = next(iter(client.documents.list(NS))).id
    assert client.matters.get(NS, "M-1") == next(iter(client.matters.list(NS)))
    hold = client.holds.place(NS, case="A v B", reason="a letter", document=document)
    assert client.holds.get(NS, hold.id) == hold
    assert [each.case_name for each in client.documents.keeping(NS, document).holds] == ["A v B"]
    client.jobs.cancel(NS, "tour")
    refused("held", lambda: client.documents.purge(NS, document, reason="over"))
    assert client.holds.release(NS, hold.id, reason="settled").released_at is not None
    assert [each.id for each in client.holds.list(NS, state="released", case="A v B")] == [hold.id]
    (stone,) = client.documents.purge(NS, document, reason="over")
    assert next(iter(client.tombstones.list(NS, cause="request"))).id == stone.id
    refused("purged", lambda: drained(client.documents.part(NS, document, "source")))


def tour_of_the_rest(client: ApiClient) -> None:
    assert client.demand(after=0, wait_seconds=0).version >= 0
    accepted = next(iter(client.events.list(NS, outcome="routed")))
    assert client.events.get(NS, accepted.id).event_id == accepted.event_id
    tasks = [task.id for task in client.dead.list(NS)]
    assert client.dead.replay(NS, [*tasks, 2**62]) <= len(tasks)
    assert list(client.facts.list(NS, firm=True, min=1e22, since=None)) == []
    assert list(client.findings.list(NS, result="fail")) == []
    statistics = client.statistics(NS, since=datetime.now(UTC).date())
    assert statistics.events.get("routed") == 2
    assert client.playbooks.put(NS, "house", PLAYBOOK).number == 1
    assert client.playbooks.get(NS, "house").text.encode() == PLAYBOOK
    assert client.playbooks.get(NS, "house", number=1).number == 1
    assert client.playbooks.versions(NS, "house") == tuple(client.playbooks.list(NS))
    decision = NewDecision(
        sha256=HASH, field="term", choice="correct", value="2 years", reviewer="anna", revision=0
    )
    assert client.reviews.decide(NS, [decision]).recorded == 1
    (review,) = client.reviews.list(NS, sha256=HASH, reviewer="anna")
    assert client.reviews.get(NS, review.id) == review
    change = Change(choice="reopen")
    changed = client.reviews.change(NS, review.id, change, revision=review.revision)
    assert changed.decision == "reopened"
    refused(
        "changed_meanwhile",
        lambda: client.reviews.change(NS, review.id, change, revision=review.revision),
    )
    assert len(list(client.audit.list(NS, sha256=HASH))) == 2
    issued = client.tokens.issue(NS, name="tour", roles=["reader"], days=1)
    assert [each.id for each in client.tokens.list(NS, state="good")] == [issued.token.id]
    assert client.tokens.revoke(NS, issued.token.id).revoked_at is not None


FILTERS = {
    "jobs": jobs.JobFilters,
    "documents": documents.DocumentFilters,
    "events": events.EventFilters,
    "dead": dead.DeadFilters,
    "facts": facts.FactFilters,
    "findings": facts.FindingFilters,
    "reviews": reviews.ReviewFilters,
    "audit": audit.AuditFilters,
    "holds": records.HoldFilters,
    "tombstones": records.TombstoneFilters,
    "tokens": tokens.TokenFilters,
    "matters": None,
    "playbooks": None,
}
ELSEWHERE = {"since": "from"}
"""Python keeps some names to itself."""


def test_every_list_has_its_filters(api: Api) -> None:
    paths = api.get("/v1/openapi.json").json()["paths"]
    lists = {
        path.rpartition("/")[2]: {given["name"] for given in methods["get"]["parameters"]}
        for path, methods in paths.items()
        if any(given["name"] == "cursor" for given in methods.get("get", {}).get("parameters", ()))
    }
    contract = {"limit", "cursor", "sort", "namespace"}
    taken = {
        name: set() if filters is None else {ELSEWHERE.get(k, k) for k in get_type_hints(filters)}
        for name, filters in FILTERS.items()
    }
    assert {name: given - contract for name, given in lists.items()} == taken


def test_a_name_with_a_slash_is_one_name(api: Api) -> None:
    api.declare("slashes", matter="ACME/2026/14")
    with ApiClient(api.process.url, token=TOKEN, source="/tests") as client:
        assert client.matters.get("slashes", "ACME/2026/14").jobs == 1


def test_a_list_is_read_page_by_page(api: Api, asked: tuple[ApiClient, Asked]) -> None:
    client, _ = asked
    api.declare("pages")
    names = {f"{number}.txt" for number in range(5)}
    for name in names:
        client.uploads.send("pages", "pages", file=io.BytesIO(TEXT), name=name, key=name)
    rows = client.documents.list("pages", sort="created_at")
    first = rows.page(limit=2)
    rest = rows.page(limit=3, cursor=first.next)
    assert rest.next is None
    assert {row.name for row in (*first.items, *rest.items)} == names
    assert [row.id for row in rows.first(3)] == [row.id for row in (*first.items, rest.items[0])]
    assert len(list(rows)) == 5


def test_every_list_takes_a_sort() -> None:
    methods = [
        resource.list
        for module in (audit, dead, documents, events, facts, jobs, records, reviews, tokens)
        for _, resource in inspect.getmembers(module, inspect.isclass)
        if resource.__module__ == module.__name__ and hasattr(resource, "list")
    ]
    assert len(methods) >= len(FILTERS) - 1
    for method in methods:
        assert "sort" in inspect.signature(method).parameters
        assert get_type_hints(method)["return"].__origin__ is Rows


def test_no_token_goes_to_an_address_of_somebody_else(api: Api) -> None:
    """A presigned address may be a bucket's."""
    with ApiClient(api.process.url, token=TOKEN, source="/tests") as client:
        had_token: list[bool] = []
        client._connection._http.event_hooks["request"].append(
            lambda request: had_token.append("authorization" in request.headers)
        )
        with pytest.raises(LexmillError, match="not_found"):
            client._connection.put_file(f"{api.process.url}/v1/uploads/{'A' * 43}", io.BytesIO(b""))
    assert had_token == [False]


def test_progress_goes_on_behind_what_was_seen(api: Api) -> None:
    """What changed while nobody listened is told first."""
    api.declare("resumed")
    with ApiClient(api.process.url, token=TOKEN, source="/tests") as client:
        news = client.live.watch("resumed", jobs=["resumed"])
        first = next(news)
        assert isinstance(first, JobProgress)
        assert first.documents.total == 0
        client.uploads.send("resumed", "resumed", file=io.BytesIO(TEXT), name="a.txt", key="1")
        for job in news:
            assert isinstance(job, JobProgress)
            if job.documents.total == 1:
                break
        news.close()
        unknown = uuid.uuid4()
        refused("not_found", lambda: client.documents.get("resumed", unknown))
