"""An upgrade and a rollback while events come in: every sender is served, nothing is lost."""

from tests.cluster.corpus import legaljob
from tests.cluster.release import Release
from tests.cluster.sending import sending
from tests.processes import until

JOB = "upgraded"
TASKS = """
    SELECT count(*) AS tasks, count(DISTINCT document_id) AS documents, sum(crashes) AS crashes
    FROM task JOIN job ON job.uid = job_uid WHERE job.name = 'upgraded' AND kind = 'process'
"""


def test_nothing_is_lost_or_done_twice_in_an_upgrade_and_a_rollback(lexmill: Release) -> None:
    job = legaljob(JOB, workers={"maxReplicas": 2, "backlogPerReplica": 20})
    lexmill.cluster.apply(job, namespace=lexmill.namespace)
    until(lambda: lexmill.is_true(JOB, "Accepted"))
    with sending(lexmill, JOB, per_second=4) as sender:
        until(lambda: lexmill.documents(JOB).get("succeeded", 0) > 0, seconds=120)
        before = replicas_of(lexmill)

        # New pods of every kind: API and operator, a new worker template, another migration Job.
        lexmill.upgrade(
            telemetry={"logLevel": "warning"},
            workers={"podAnnotations": {"lexmill.io/test": "upgraded"}},
            migrations={"waitSeconds": 500},
        )
        assert sender.is_sending
        assert replicas_of(lexmill).isdisjoint(before), "every pod of API and operator is new"
        until(lambda: {annotation(pod) for pod in lexmill.workers(JOB)} == {"upgraded"})

        lexmill.rollback()
        until(lambda: {annotation(pod) for pod in lexmill.workers(JOB)} == {None})
        sender.stop()

    assert sender.others == {}, "a sender was not served at once"
    until(lambda: lexmill.state_counts(JOB) == {"succeeded": sender.accepted}, seconds=180)
    (tasks,) = lexmill.rows(TASKS)
    assert tasks["tasks"] == tasks["documents"] == sender.accepted
    assert not tasks["crashes"], "workers that go end what they have begun, or hand it back"


def replicas_of(lexmill: Release) -> set[str]:
    """The pods of API and operator, by uid."""
    return {
        pod["metadata"]["uid"]
        for component in ("api", "operator")
        for pod in lexmill.pods(component)
        if "deletionTimestamp" not in pod["metadata"]
    }


def annotation(pod: dict[str, object]) -> object:
    metadata = pod["metadata"]
    assert isinstance(metadata, dict)
    return metadata.get("annotations", {}).get("lexmill.io/test")
