"""What a probe, a scraper and a scaler see."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.asking import Api, event
from tests.processes import TOKEN, until

pytestmark = pytest.mark.servers


def metric(api: Api, name: str, **labels: str) -> float:
    return sum(
        sample.value
        for family in text_string_to_metric_families(api.get("/metrics", token=None).text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_it_lives_and_is_ready(api: Api) -> None:
    for path in ("/livez", "/readyz"):
        answer = api.get(path, token=None)
        assert (answer.status_code, answer.text) == (200, "ok")


def test_events_are_counted_by_outcome(api: Api) -> None:
    api.declare("counted")
    before = {
        outcome: metric(api, "lexmill_events_total", outcome=outcome)
        for outcome in ("routed", "duplicate", "refused", "unmatched")
    }
    sent = event()
    api.post(sent, path="/ns/counted/events")
    api.post(sent, path="/ns/counted/events")
    api.post(b"{")
    after = {outcome: metric(api, "lexmill_events_total", outcome=outcome) for outcome in before}
    assert {outcome: after[outcome] - before[outcome] for outcome in after} == {
        "routed": 1,
        "duplicate": 1,
        "refused": 1,
        "unmatched": 0,
    }
    until(lambda: metric(api, "lexmill_sweep_seconds_count") > 0)


@pytest.mark.parametrize("token", [None, "wrong"])
@pytest.mark.parametrize("path", ["/v1/demand", "/v1/namespaces/a/jobs/b", "/v1/namespaces/a/dead"])
def test_rest_needs_the_token(api: Api, path: str, token: str | None) -> None:
    answer = api.get(path, token=token)
    assert answer.status_code == 401
    # RFC 6750, 3.1: what is wrong is told only where there was a token
    challenge = "Bearer" if token is None else 'Bearer error="invalid_token"'
    assert answer.headers["www-authenticate"] == challenge


def test_the_progress_of_a_job(api: Api) -> None:
    assert api.get("/v1/namespaces/progress/jobs/progress").status_code == 404
    uid = api.declare("progress")
    api.post(
        [event(), event()], path="/ns/progress/events", kind="application/cloudevents-batch+json"
    )
    progress = api.get("/v1/namespaces/progress/jobs/progress").json()
    assert (progress["uid"], progress["state"], progress["run"]) == (uid, "Running", 1)
    assert progress["documents"]["total"] == progress["documents"]["queued"] == 2
    assert api.get("/v1/namespaces/other/jobs/progress").status_code == 404


def test_the_demand_feed_wakes_who_waits(api: Api) -> None:
    uid = api.declare("woken")
    version = api.get("/v1/demand").json()["version"]
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(_next_work, api, uid, version) for _ in range(3)]
        posted = monotonic()
        assert api.post(event(), path="/ns/woken/events").status_code == 202
        woken = [future.result(30) for future in waiting]
    assert max(woken) - posted < 1


def test_an_unknown_cursor_gets_everything(api: Api) -> None:
    uid = api.declare("everything")
    newest = api.get("/v1/demand").json()
    assert uid in {pool["job_uid"] for pool in newest["pools"]}
    unknown = api.get(f"/v1/demand?after={newest['version'] + 1000}").json()
    assert {pool["job_uid"] for pool in unknown["pools"]} >= {uid}
    assert api.get("/v1/demand?after=-1").status_code == 422
    assert api.get("/v1/demand?wait=3600", token=TOKEN).status_code == 422


def _next_work(api: Api, uid: str, version: int) -> float:
    """When the feed told that this job has work."""
    while True:
        demand = api.get(f"/v1/demand?after={version}&wait=20").json()
        version = demand["version"]
        if any(pool["job_uid"] == uid and pool["waiting"] for pool in demand["pools"]):
            return monotonic()
