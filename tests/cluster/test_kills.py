"""Every part goes away while 200 documents run; each document ends, succeeded, exactly once."""

import json

from tests.cluster.cluster import Object
from tests.cluster.corpus import config_maps, legaljob
from tests.cluster.release import Release
from tests.processes import until

JOB = "kills"
DOCUMENTS = 200
NOW = ("--grace-period=0", "--force", "--wait=false")


def test_all_documents_end_once_whatever_is_killed(lexmill: Release) -> None:
    maps = config_maps(JOB, DOCUMENTS, times=3)
    job = legaljob(
        JOB,
        maps,
        workers={"maxReplicas": 2, "backlogPerReplica": 50},
        output={"uri": "file:///var/lib/lexmill/files/kills/", "formats": ["json"]},
    )
    lexmill.cluster.apply(*maps, job, namespace=lexmill.namespace)
    until(lambda: succeeded(lexmill) > 0, seconds=120)

    kill_a_worker(lexmill)
    for component in ("valkey", "postgresql"):
        kill(lexmill, *lexmill.pods(component))
        is_going_on(lexmill)
    kill_the_leader(lexmill)
    kill(lexmill, *lexmill.pods("api"))  # all replicas

    until(lambda: lexmill.is_true(JOB, "Complete"), seconds=300)
    assert lexmill.documents(JOB) == {
        "listed": DOCUMENTS,
        "total": DOCUMENTS,
        "queued": 0,
        "running": 0,
        "succeeded": DOCUMENTS,
        "failed": 0,
        "dead": 0,
    }
    assert lexmill.state_counts(JOB) == {"succeeded": DOCUMENTS}
    lines = [json.loads(line) for line in results(lexmill)]
    assert len({line["uri"] for line in lines}) == len(lines) == DOCUMENTS
    assert {line["status"] for line in lines} == {"succeeded"}
    until(lambda: lexmill.replicas(JOB) == 0)


def kill_a_worker(lexmill: Release) -> None:
    worker = until(lambda: [pod for pod in lexmill.workers(JOB) if is_ready(pod)])[0]
    kill(lexmill, worker)
    is_going_on(lexmill)


def kill_the_leader(lexmill: Release) -> None:
    leader = lexmill.leader()
    kill(lexmill, *(pod for pod in lexmill.pods("operator") if name(pod) == leader))
    until(lambda: lexmill.leader() != leader)
    is_going_on(lexmill)


def kill(lexmill: Release, *pods: Object) -> None:
    """As a node that fails: at once, without a word to the process."""
    assert pods
    assert succeeded(lexmill) < DOCUMENTS, "the job was over before everything was killed"
    lexmill.kubectl("delete", "pod", *map(name, pods), *NOW)


def is_going_on(lexmill: Release) -> None:
    """More documents are done than at the time of the kill, or all."""
    before = succeeded(lexmill)
    until(lambda: succeeded(lexmill) > before or before == DOCUMENTS, seconds=120)


def succeeded(lexmill: Release) -> int:
    return lexmill.documents(JOB).get("succeeded", 0)


def results(lexmill: Release) -> list[str]:
    """From the volume that API and workers share."""
    return lexmill.kubectl(
        *("exec", lexmill.workload("api"), "--container", "api", "--"),
        *("cat", "/var/lib/lexmill/files/kills/results.jsonl"),
    ).splitlines()


def name(pod: Object) -> str:
    return str(pod["metadata"]["name"])


def is_ready(pod: Object) -> bool:
    conditions = pod["status"].get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
