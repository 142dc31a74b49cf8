"""What monitoring and the kubelet learn from an operator."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.controlplane.control_plane import ControlPlane
from tests.operator.installation import Installation
from tests.operator.listening import ListeningJob
from tests.operator.probes import leads, metrics
from tests.processes import OurProcess, until

SHORT_LEASE = {"LEXMILL_OPERATOR__LEASE_SECONDS": "1"}
SILENT_SECONDS = 2.0
"""So long after its last sign of life it counts as dead: twice the time of its Lease."""


def test_metrics_tell_what_it_does(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    job = ListeningJob(installation, namespace)
    job.apply()
    job.await_accepted()
    job.send()
    job.await_replicas(1)
    until(lambda: job.status.get("lastScaling", {}).get("reason") == "ActivatedFromZero")
    counted = metrics(operator)
    for name in (
        'reconciles_total{result="done"}',
        "reconcile_seconds_count",
        "lag_seconds_count",
        'api_writes_total{what="deployment"}',
        'api_writes_total{what="status"}',
        'api_writes_total{what="event"}',
        'declarations_total{result="accepted"}',
        'scaling_decisions_total{reason="ActivatedFromZero"}',
        "feed_confirmed_timestamp_seconds",
        "is_leader",
        "legaljobs",
    ):
        assert counted[f"lexmill_operator_{name}"] > 0, name
    assert "lexmill_operator_due_legaljobs" in counted


def test_refused_reconciles_are_counted(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    job = ListeningJob(installation, namespace)
    control_plane = installation.control_plane
    job.apply()
    job.await_accepted()
    control_plane.stop_apiserver()
    try:
        job.send()
        until(lambda: metrics(operator).get(REFUSED, 0) > 0)
    finally:
        control_plane.start_apiserver()
    job.await_replicas(1)


def test_it_lives_without_an_api_server(
    installation: Installation, control_plane: ControlPlane
) -> None:
    with leading(installation, "patient") as operator:
        control_plane.stop_apiserver()
        try:
            until(lambda: not leads(operator))
            tries = failed_renewals(operator)
            until(lambda: failed_renewals(operator) > tries + 5 * SILENT_SECONDS)
            assert livez(operator) == (200, "ok")
        finally:
            control_plane.start_apiserver()
        until(lambda: leads(operator))


def test_it_does_not_live_when_it_hangs(installation: Installation, namespace: str) -> None:
    """Its log goes into a pipe that nobody empties: the next line that it writes never ends."""
    name = "hanging"
    job = ListeningJob(installation, namespace)
    pipe = installation.folder / f"{name}.log"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 1 << 16)
    try:
        with leading(installation, name) as operator:
            job.apply()
            job.await_accepted()
            assert livez(operator) == (200, "ok")
            fill(reader)
            job.delete()  # which is worth a line
            until(lambda: livez(operator)[0] == httpx.codes.SERVICE_UNAVAILABLE)
            assert "election" in livez(operator)[1]
            empty(reader)
            until(lambda: livez(operator) == (200, "ok"))
    finally:
        os.close(reader)


REFUSED = 'lexmill_operator_reconciles_total{result="refused"}'


@contextmanager
def leading(installation: Installation, name: str) -> Iterator[OurProcess]:
    with installation.running_operator(
        name, LEXMILL_OPERATOR__LEASE_NAME=name, **SHORT_LEASE
    ) as operator:
        until(lambda: leads(operator))
        yield operator


def livez(operator: OurProcess) -> tuple[int, str]:
    answer = operator.get("/livez")
    return answer.status_code, answer.text


def failed_renewals(operator: OurProcess) -> int:
    return [line["event"] for line in operator.lines()].count("lease_not_renewed")


def fill(pipe: int) -> None:
    try:
        while True:
            os.write(pipe, b"\n" * 512)
    except BlockingIOError:
        return


def empty(pipe: int) -> None:
    try:
        while True:
            os.read(pipe, 1 << 16)
    except BlockingIOError:
        return
