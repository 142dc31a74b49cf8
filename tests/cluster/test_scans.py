"""A scan is read in a pod under Pod Security "restricted": Tesseract runs locked down there."""

import time

import httpx

from tests.cluster.corpus import legaljob
from tests.cluster.images import ROOT
from tests.cluster.release import Release
from tests.processes import until

JOB = "scans"
SCAN = ROOT / "samples" / "broken" / "scan-without-text.pdf"
MINUTES = 240.0


def test_a_pool_of_its_own_recognises_scans_and_goes_down_to_zero_again(lexmill: Release) -> None:
    job = legaljob(JOB, pools=[{"name": "ocr", "stages": ["ocr"]}])
    lexmill.cluster.apply(job, namespace=lexmill.namespace)
    until(lambda: lexmill.is_true(JOB, "Accepted"))
    with lexmill.forwarded() as url:
        answer = httpx.post(
            f"{url}/ns/{lexmill.namespace}/jobs/{JOB}/events",
            content=SCAN.read_bytes(),
            headers={
                "ce-specversion": "1.0",
                "ce-id": str(time.time_ns()),
                "ce-source": "/scanner",
                "ce-type": "com.example.scanned",
                "Content-Type": "application/pdf",
            },
        )
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text

    (reader,) = until(lambda: lexmill.workers(JOB, pool="ocr"), seconds=MINUTES)
    assert reader["spec"]["containers"][0]["image"] == lexmill.images.name("worker-ocr")
    assert reader["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"]
    (main,) = lexmill.workers(JOB)
    assert main["spec"]["containers"][0]["image"] == lexmill.images.name("worker")
    until(lambda: lexmill.state_counts(JOB) == {"succeeded": 1}, seconds=MINUTES)
    until(lambda: not lexmill.workers(JOB, pool="ocr"), seconds=MINUTES)
