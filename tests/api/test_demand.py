"""What an autoscaler asks of one job: a number for each pool, over HTTP and in /metrics."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.asking import Api, event
from tests.processes import until

pytestmark = pytest.mark.servers

NOTHING = {"waiting": 0, "running": 0, "delayed": 0, "backlog": 0}


def demand(api: Api, name: str, query: str = "") -> dict[str, int]:
    answer = api.get(f"/v1/namespaces/legal/jobs/{name}/demand{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, int] = answer.json()
    return found


def declare(api: Api, name: str) -> None:
    spec = {"trigger": {"filters": [{"exact": {"type": f"com.example.{name}"}}]}}
    assert api.order("legal/jobs", {"name": name, "spec": spec}).status_code == 201


def send(api: Api, name: str) -> None:
    path = f"/ns/legal/jobs/{name}/events"
    assert api.post(event(type=f"com.example.{name}"), path=path).status_code == 202


def gauge(api: Api, name: str, metric: str) -> float | None:
    return next(
        (
            sample.value
            for family in text_string_to_metric_families(api.http.get("/metrics").text)
            for sample in family.samples
            if sample.name == metric
            and sample.labels == {"legaljob_namespace": "legal", "legaljob": name, "pool": "main"}
        ),
        None,
    )


def test_the_backlog_of_a_pool_counts_what_was_just_accepted(api: Api) -> None:
    declare(api, "asked")
    assert demand(api, "asked") == NOTHING
    send(api, "asked")
    assert demand(api, "asked") == {**NOTHING, "waiting": 1, "backlog": 1}
    send(api, "asked")
    until(lambda: demand(api, "asked")["backlog"] == 2)
    assert demand(api, "asked", "?pool=ocr") == NOTHING


def test_a_suspended_job_asks_for_no_workers(api: Api) -> None:
    declare(api, "held")
    send(api, "held")
    api.order("legal/jobs/held/suspend", None)
    assert demand(api, "held") == {**NOTHING, "waiting": 1}


def test_metrics_say_the_same_under_the_name_of_the_job(api: Api) -> None:
    declare(api, "scraped")
    until(lambda: gauge(api, "scraped", "lexmill_pool_backlog") == 0)
    send(api, "scraped")
    until(lambda: gauge(api, "scraped", "lexmill_pool_backlog") == 1)
    assert gauge(api, "scraped", "lexmill_pool_waiting") == 1
    assert gauge(api, "scraped", "lexmill_pool_running") == 0


def test_a_job_that_is_not_there_is_said_so(api: Api) -> None:
    answer = api.get("/v1/namespaces/legal/jobs/nobody/demand")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
