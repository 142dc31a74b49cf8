"""What NOTES.txt and docs/install.md promise: install, test, apply the sample, read its results."""

from collections import Counter

import httpx
import msgspec

from tests.cluster.images import ROOT
from tests.cluster.release import Release
from tests.processes import until

BATCH = ROOT / "manifests" / "samples" / "batch.yaml"
NAME = "sample-batch"


def test_helm_test_finds_nothing(lexmill: Release) -> None:
    assert "Succeeded" in lexmill.helm("test", lexmill.name, "--timeout", "180s")


def test_the_sample_scales_workers_from_zero_and_back_and_its_results_are_there(
    lexmill: Release,
) -> None:
    lexmill.kubectl("apply", "--filename", str(BATCH))

    until(lambda: lexmill.replicas(NAME) > 0)
    until(lambda: lexmill.is_true(NAME, "Complete"), seconds=120)
    until(lambda: lexmill.replicas(NAME) == 0 and not lexmill.workers(NAME), seconds=120)
    assert lexmill.documents(NAME) == {
        "listed": 4,
        "total": 4,
        "queued": 0,
        "running": 0,
        "succeeded": 4,
        "failed": 0,
        "dead": 0,
    }
    assert lexmill.state_counts(NAME) == {"succeeded": 4}
    results = read_results(lexmill)
    assert Counter(each["status"] for each in results) == {"succeeded": 4}
    assert all(each["facts"] for each in results)


def read_results(lexmill: Release) -> list[dict[str, object]]:
    """As somebody who may see legaljobs, by Kubernetes' own role `view`, and who is nobody else."""
    lexmill.kubectl("create", "serviceaccount", "reader")
    account = f"{lexmill.namespace}:reader"
    lexmill.kubectl(
        *("create", "rolebinding", "reader", "--clusterrole=view", f"--serviceaccount={account}")
    )
    with (
        lexmill.forwarded() as url,
        httpx.Client(
            base_url=f"{url}/v1/namespaces/{lexmill.namespace}/jobs/{NAME}",
            headers={"Authorization": f"Bearer {lexmill.token_of('reader')}"},
            timeout=30,
        ) as http,
    ):
        answer = until(lambda: _granted(http.get("/results")))
        assert "results.jsonl" in {each["name"] for each in answer.json()["files"]}, answer.text
        lines = http.get("/results/1/results.jsonl")
        assert lines.status_code == httpx.codes.OK, lines.text
        assert http.post("/cancel").status_code == httpx.codes.FORBIDDEN
        return [msgspec.json.decode(line) for line in lines.content.splitlines()]


def _granted(answer: httpx.Response) -> httpx.Response | None:
    """Roles are aggregated, and refusals remembered, for some seconds."""
    return answer if answer.status_code == httpx.codes.OK else None
