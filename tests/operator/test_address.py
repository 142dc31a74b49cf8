"""A LegalJob that listens is an addressable of Knative: `status.address` is where its events go."""

import httpx

from tests.operator.installation import Installation
from tests.operator.listening import ListeningJob
from tests.processes import until


def test_what_is_posted_to_the_address_of_a_listening_job_becomes_its_document(
    installation: Installation, namespace: str
) -> None:
    job = ListeningJob(installation, namespace)
    with installation.running_operator():
        job.apply()
        job.await_accepted()
        assert_takes_events(job)


def assert_takes_events(job: ListeningJob) -> None:
    address = job.status["address"]
    assert address["audience"] == "lexmill"
    headers = {"ce-id": "1", "ce-source": "/tests", "ce-type": "t", "ce-specversion": "1.0"}
    sent = httpx.post(
        address["url"],
        content="This Agreement is made between A Ltd and B Ltd.",
        headers={**headers, "content-type": "text/plain"},
    )
    assert (sent.status_code, sent.text) == (202, "")
    until(lambda: job.told("documents", "total") == 1)


def test_a_job_with_documents_has_no_address(installation: Installation, namespace: str) -> None:
    job = ListeningJob(installation, namespace, "batch")
    with installation.running_operator():
        job.apply(documents=[{"uri": "s3://contracts/"}])
        job.await_accepted()
    assert "address" not in job.status


def test_senders_outside_of_the_cluster_are_led_to_the_public_address(
    installation: Installation, namespace: str
) -> None:
    public = {
        "LEXMILL_OPERATOR__PUBLIC_API_URL": "https://lexmill.example/",
        "LEXMILL_OPERATOR__AUDIENCE": "https://lexmill.example",
    }
    job = ListeningJob(installation, namespace)
    with installation.running_operator("public", **public):
        job.apply()
        until(lambda: job.told("address"))
    assert job.status["address"] == {
        "url": f"https://lexmill.example/ns/{namespace}/jobs/inbox/events",
        "audience": "https://lexmill.example",
    }
