"""Two replicas, one Lease: whoever holds it acts, and the other is ready to."""

import signal
import time
from collections.abc import Iterator

import pytest

from tests.operator.installation import Installation
from tests.operator.legaljobs import declarations
from tests.operator.listening import ListeningJob
from tests.operator.probes import leads, metric
from tests.processes import OurProcess, until

LEASE_SECONDS = 3.0
NOTICED_SECONDS = 10.0
"""Until the other replica has looked at the Lease, on a busy machine too."""
ACCEPTED = 'lexmill_operator_declarations_total{result="accepted"}'
WRITTEN = 'lexmill_operator_api_writes_total{what="deployment"}'


@pytest.fixture
def replicas(installation: Installation, namespace: str) -> Iterator[tuple[OurProcess, OurProcess]]:
    """The leader first; what other tests have left in other namespaces is not theirs."""
    own = {"LEXMILL_OPERATOR__NAMESPACES": f'["{namespace}"]'}
    with (
        installation.running_operator("one", **own) as one,
        installation.running_operator("two", **own) as two,
    ):
        until(lambda: leads(one) or leads(two))
        yield (one, two) if leads(one) else (two, one)


@pytest.fixture
def job(installation: Installation, namespace: str) -> ListeningJob:
    return ListeningJob(installation, namespace)


def test_only_the_leader_acts_and_hands_over_when_it_is_asked_to_stop(
    replicas: tuple[OurProcess, OurProcess], job: ListeningJob
) -> None:
    leader, other = replicas
    job.apply()
    job.await_accepted()
    assert not leads(other)
    assert metric(other, "lexmill_operator_legaljobs") == 0

    leader.process.send_signal(signal.SIGTERM)
    until(lambda: leads(other), seconds=NOTICED_SECONDS)
    job.apply(workers={"minReplicas": 1})
    job.await_replicas(1)
    until(lambda: "operator_stopped" in [line["event"] for line in leader.lines()])
    assert declarations(job.installation, job.namespace) == 1


def test_a_killed_leader_is_followed_when_its_lease_has_run_out(
    replicas: tuple[OurProcess, OurProcess], job: ListeningJob
) -> None:
    leader, other = replicas
    job.apply()
    job.await_accepted()
    leader.process.kill()
    killed = time.monotonic()
    until(lambda: leads(other), seconds=LEASE_SECONDS + NOTICED_SECONDS)
    assert time.monotonic() - killed > LEASE_SECONDS / 2, "the lease was not respected"
    job.apply(workers={"minReplicas": 1})
    job.await_replicas(1)
    assert declarations(job.installation, job.namespace) == 1


def test_a_leader_that_was_away_gives_up_before_it_acts(
    replicas: tuple[OurProcess, OurProcess], job: ListeningJob
) -> None:
    leader, other = replicas
    accepted, written = (metric(leader, name) for name in (ACCEPTED, WRITTEN))
    leader.process.send_signal(signal.SIGSTOP)
    try:
        until(lambda: leads(other), seconds=LEASE_SECONDS + NOTICED_SECONDS)
        jobs = [ListeningJob(job.installation, job.namespace, f"inbox-{n}") for n in range(10)]
        for each in jobs:
            each.apply(workers={"minReplicas": 1})
        for each in jobs:
            each.await_replicas(1)
    finally:
        leader.process.send_signal(signal.SIGCONT)
    until(lambda: not leads(leader), seconds=NOTICED_SECONDS)
    until(lambda: leads(other))
    assert (metric(leader, ACCEPTED), metric(leader, WRITTEN)) == (accepted, written)
    assert declarations(job.installation, job.namespace) == len(jobs)
