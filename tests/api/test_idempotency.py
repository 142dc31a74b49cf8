"""POST with an Idempotency-Key: however often it is sent, it is done once."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest

from tests.api.asking import Api
from tests.processes import until
from tests.servers import conninfo

pytestmark = pytest.mark.servers


def declare(api: Api, name: str, key: str, namespace: str = "once", **more: Any) -> httpx.Response:
    body = {"name": name, "spec": {"trigger": {}}}
    return api.order(f"{namespace}/jobs", body, Idempotency_Key=key, **more)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_the_second_request_has_the_first_ones_answer(api: Api) -> None:
    key = str(uuid.uuid4())
    first, second = declare(api, "a", key), declare(api, "a", key)
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    for header in ("ETag", "Location", "Content-Type"):
        assert first.headers[header] == second.headers[header]
    # What it is sent as makes no difference: a string as the draft has it, or a bare word.
    assert declare(api, "a", f'"{key}"').content == first.content
    assert api.rows("SELECT name FROM job WHERE namespace = 'once' AND name = 'a'") == [("a",)]


def test_the_key_of_another_request_is_refused(api: Api) -> None:
    key = str(uuid.uuid4())
    assert declare(api, "b", key).status_code == 201
    assert refusal(declare(api, "c", key)) == (422, "idempotency_key_reused")
    elsewhere = api.order("once/jobs/b/suspend", Idempotency_Key=key)
    assert refusal(elsewhere) == (422, "idempotency_key_reused")
    assert api.get("/v1/namespaces/once/jobs/c").status_code == 404


def test_keys_are_of_one_namespace_and_one_caller(api: Api) -> None:
    key = str(uuid.uuid4())
    first = declare(api, "d", key)
    assert declare(api, "d", key, "twice").json()["uid"] != first.json()["uid"]
    token = api.order("once/tokens", {"name": "another", "roles": ["submitter"]}).json()["secret"]
    assert refusal(declare(api, "d", key, token=token)) == (409, "job_exists")


def test_what_was_refused_is_judged_anew(api: Api) -> None:
    key = str(uuid.uuid4())
    assert declare(api, "e", str(uuid.uuid4())).status_code == 201
    assert refusal(declare(api, "e", key)) == (409, "job_exists")
    api.rows("UPDATE job SET deleted_at = now() WHERE name = 'e' RETURNING 1")
    assert declare(api, "e", key).status_code == 201


@pytest.mark.parametrize("key", ["", '""', "two words", "x" * 256, "tab\tbed"])
def test_what_is_no_key_is_refused(api: Api, key: str) -> None:
    assert refusal(declare(api, "f", key)) == (422, "invalid_idempotency_key")


def test_a_key_that_is_a_day_old_is_free(api: Api) -> None:
    key = str(uuid.uuid4())
    first = api.order("once/jobs/g/suspend", Idempotency_Key=key)
    assert first.status_code == 404
    declare(api, "g", key)
    assert declare(api, "g", key).status_code == 201
    api.rows("UPDATE idempotency_key SET created_at = now() - interval '25 hours' RETURNING 1")
    suspended = api.order("once/jobs/g/suspend", Idempotency_Key=key)
    assert suspended.json()["state"] == "Suspended"
    assert api.order("once/jobs/g/suspend", Idempotency_Key=key).content == suspended.content


def test_while_the_first_is_under_way_the_second_comes_again(api: Api) -> None:
    key = str(uuid.uuid4())
    waiting = """
        SELECT 1 FROM pg_locks JOIN pg_stat_activity AS session USING (pid)
        WHERE NOT granted AND session.usename = 'api' AND session.datname = current_database()
    """
    with (
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(conninfo(api.settings.database_url)) as holder,
    ):
        # What declaring a job needs last; its key's row is written by then.
        holder.execute("SELECT FROM latch WHERE number = 0 FOR UPDATE")
        first = pool.submit(declare, api, "h", key)
        until(lambda: api.rows(waiting))
        answer = declare(api, "h", key)
        assert refusal(answer) == (409, "still_under_way")
        assert answer.headers["Retry-After"]
        holder.rollback()
        assert first.result().status_code == 201
    assert declare(api, "h", key).content == first.result().content


def test_many_at_once_make_one_job(api: Api) -> None:
    key = str(uuid.uuid4())
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: declare(api, "many", key), range(24)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in done}) == 1
    assert all(refusal(each)[1] == "still_under_way" for each in answers if each not in done)
    assert api.rows("SELECT count(*) FROM job WHERE name = 'many'") == [(1,)]


def test_old_keys_are_swept(api: Api) -> None:
    declare(api, "swept", str(uuid.uuid4()), "swept")
    kept = "SELECT 1 FROM idempotency_key WHERE namespace = 'swept'"
    assert api.rows(kept)
    api.rows("UPDATE idempotency_key SET created_at = now() - interval '25 hours' RETURNING 1")
    until(lambda: not api.rows(kept))
