"""What may be sent, and what is answered when more is waiting than may wait; both by settings."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.api.asking import BATCH, Api, Serving, event
from tests.processes import until
from tests.servers import conninfo

pytestmark = pytest.mark.servers

SMALL = {
    "LEXMILL_INGEST__EVENT_BYTES": "65536",
    "LEXMILL_INGEST__BATCH_EVENTS": "3",
    "LEXMILL_INGEST__WAITING_EVENTS": "2",
}


@pytest.fixture(scope="module")
def small(serving: Serving) -> Iterator[Api]:
    with serving(SMALL) as api:
        yield api


def test_sizes_are_settings(small: Api) -> None:
    assert small.post(event(data="x" * 70_000)).status_code == 413
    assert small.post(event(data="x" * 60_000)).status_code == 202
    assert small.post([event() for _ in range(4)], kind=BATCH).status_code == 413


def test_who_comes_when_too_many_wait_is_told_to_come_again(small: Api) -> None:
    """A commit that does not end lets the next requests pile up; all go through in the end."""
    with psycopg.connect(conninfo(small.settings.database_url)) as locker:
        locker.execute("LOCK TABLE event_key IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(6) as threads:
            requests = [threads.submit(small.post, event()) for _ in range(6)]
            until(lambda: any(request.done() for request in requests))
            refused = [request.result() for request in requests if request.done()]
            locker.rollback()
            answers = [request.result() for request in requests]
    assert {answer.status_code for answer in refused} == {429}
    assert all(answer.headers["Retry-After"] for answer in refused)
    assert {answer.status_code for answer in answers} == {202, 429}
    assert small.post(event()).status_code == 202
