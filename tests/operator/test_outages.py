"""Whatever goes away comes back to an operator that goes on, in the same process."""

import base64
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from lexmill_cli.local.processes import free_port
from tests.controlplane.control_plane import ControlPlane
from tests.operator.installation import Installation
from tests.operator.listening import ListeningJob
from tests.operator.probes import leads
from tests.operator.proxy import Proxy, running_proxy
from tests.processes import OurProcess, until

LONG_LEASE = {"LEXMILL_OPERATOR__LEASE_SECONDS": "60"}
"""Held through an outage: then nothing begins anew, what is known has to be put right."""


@pytest.fixture
def job(installation: Installation, namespace: str) -> ListeningJob:
    return ListeningJob(installation, namespace)


@pytest.fixture
def proxy(control_plane: ControlPlane) -> Iterator[Proxy]:
    with running_proxy(control_plane) as running:
        yield running


@pytest.mark.parametrize(
    ("number", "lease"),
    [(signal.SIGTERM, {}), (signal.SIGKILL, LONG_LEASE)],
    ids=["stopped", "killed-with-the-lease-held"],
)
def test_the_api_server_comes_back(
    number: signal.Signals, lease: dict[str, str], installation: Installation, job: ListeningJob
) -> None:
    with leading_operator(installation, **lease) as operator:
        job.apply()
        job.await_accepted()
        installation.control_plane.stop_apiserver(number)
        try:
            job.send()  # Lexmill itself needs no Kubernetes
        finally:
            installation.control_plane.start_apiserver()
        goes_on(operator, job)


def test_etcd_comes_back(installation: Installation, job: ListeningJob) -> None:
    with leading_operator(installation) as operator:
        job.apply()
        job.await_accepted()
        job.send()
        installation.control_plane.restart_etcd()
        goes_on(operator, job)


def test_what_no_watch_can_tell_any_more_is_found(
    installation: Installation, job: ListeningJob
) -> None:
    """410 Gone: etcd has forgotten what happened since the operator last looked."""
    control_plane = installation.control_plane
    lost = ListeningJob(installation, job.namespace, "lost")
    with leading_operator(
        installation, LEXMILL_OPERATOR__RESYNC_SECONDS="1", **LONG_LEASE
    ) as operator:
        for each in (job, lost):
            each.apply()
            each.await_accepted()
        uid = lost.uid
        control_plane.stop_apiserver(signal.SIGKILL)
        try:
            job.send()
            delete_and_forget(control_plane, f"/registry/lexmill.io/legaljobs/{job.namespace}/lost")
        finally:
            control_plane.start_apiserver()
        until(lambda: is_cancelled(installation, uid))
        goes_on(operator, job)


def test_cut_connections_are_made_again(
    installation: Installation, proxy: Proxy, job: ListeningJob
) -> None:
    with leading_operator(installation, **LONG_LEASE, **through(installation, proxy)) as operator:
        job.apply()
        job.await_accepted()
        with proxy.refusing(503, "ServiceUnavailable"):
            proxy.cut()
            job.send()
        goes_on(operator, job)


def test_refused_writes_are_tried_again(
    installation: Installation, proxy: Proxy, job: ListeningJob
) -> None:
    with leading_operator(installation, **through(installation, proxy)) as operator:
        with proxy.refusing(409, "Conflict", "PATCH") as conflicts:
            job.apply()
            until(lambda: conflicts.count >= 3)
        job.await_accepted()
        with proxy.refusing(429, "TooManyRequests", "PATCH", Retry_After="1") as refused:
            job.send()
            until(lambda: refused.count >= 2)
        goes_on(operator, job)


def test_an_overloaded_api_server_is_waited_for_from_the_start_on(
    installation: Installation, proxy: Proxy, job: ListeningJob
) -> None:
    job.apply()
    with (
        proxy.refusing(429, "TooManyRequests", Retry_After="1") as refused,
        installation.running_operator(
            "early", LEXMILL_OPERATOR__LEASE_NAME="early", **through(installation, proxy)
        ) as operator,
    ):
        until(lambda: refused.count >= 2)
        proxy.refusals.clear()
        with proxy.refusing(429, "TooManyRequests", "GET", path_ends="/legaljobs") as listing:
            until(lambda: listing.count >= 2)
        job.await_accepted()
        job.send()
        goes_on(operator, job)


def test_replicas_are_held_while_nobody_knows_the_work(
    installation: Installation, job: ListeningJob
) -> None:
    port = free_port()
    held = {
        "LEXMILL_OPERATOR__API_URL": f"http://127.0.0.1:{port}",
        "LEXMILL_OPERATOR__STALE_AFTER_SECONDS": "3",
        "LEXMILL_OPERATOR__COOLDOWN_SECONDS": "5",
    }
    with (
        installation.running_api("other", port) as api,
        leading_operator(installation, **held) as operator,
    ):
        job.apply()
        job.await_accepted()
        job.send()
        job.await_replicas(1)
        job.end_document()
        job.end_run()
        until(lambda: [each["waiting"] for each in job.told("pools") or ()] == [0])
        api.process.kill()
        until(lambda: job.condition("ScalingLimited") == ("Unknown", "FeedStale"))
        job.apply(workers={"minReplicas": 3})
        until(lambda: job.told("observedGeneration") == 2)
        assert job.replicas() == 1
        job.apply()
        with installation.running_api("other", port):
            job.await_replicas(0)
            job.send()
            goes_on(operator, job)


def test_the_token_is_renewed_in_place(installation: Installation, job: ListeningJob) -> None:
    control_plane = installation.control_plane
    first, second = bound_token(installation), bound_token(installation)
    kubeconfig = control_plane.kubeconfig_for(first.token)
    with leading_operator(installation, KUBECONFIG=str(kubeconfig), **LONG_LEASE) as operator:
        job.apply()
        job.await_accepted()
        kubeconfig.write_bytes(control_plane.kubeconfig_for(second.token).read_bytes())
        first.expire()
        control_plane.restart_apiserver()  # else it trusts a token for ten more seconds
        with control_plane.client(first.token) as late:
            assert late.get("/api").status_code == httpx.codes.UNAUTHORIZED
        job.send()
        goes_on(operator, job)


@contextmanager
def leading_operator(installation: Installation, **more: str) -> Iterator[OurProcess]:
    """With a Lease of its own, as killed ones do not give theirs back."""
    name = f"operator-{secrets.token_hex(4)}"
    with installation.running_operator(
        name, **{"LEXMILL_OPERATOR__LEASE_NAME": name, **more}
    ) as operator:
        until(lambda: leads(operator))
        yield operator


def through(installation: Installation, proxy: Proxy) -> dict[str, str]:
    token = installation.control_plane.token_for(installation.system, "lexmill-operator")
    return {"KUBECONFIG": proxy.kubeconfig_for(token)}


def goes_on(operator: OurProcess, job: ListeningJob) -> None:
    """One document waits: its worker comes, so does a new LegalJob's; what is deleted ends."""
    job.await_replicas(1)
    other = ListeningJob(job.installation, job.namespace, "other")
    other.apply(workers={"minReplicas": 2})
    other.await_accepted()
    other.await_replicas(2)
    uid = job.uid
    job.delete()
    until(lambda: is_cancelled(job.installation, uid))
    assert operator.process.poll() is None


def is_cancelled(installation: Installation, uid: str) -> bool:
    [row] = installation.rows("SELECT deleted_at IS NOT NULL FROM job WHERE uid = %s", uid)
    return bool(row[0])


def delete_and_forget(control_plane: ControlPlane, key: str) -> None:
    """Behind the API server's back; etcd keeps nothing of what was before."""
    name = base64.b64encode(key.encode()).decode()
    answer = etcd(control_plane, "deleterange", {"key": name})
    assert answer["deleted"] == "1"
    etcd(control_plane, "compaction", {"revision": answer["header"]["revision"], "physical": True})


def etcd(control_plane: ControlPlane, call: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.post(f"{control_plane.etcd_url}/v3/kv/{call}", json=body)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


@dataclass(frozen=True)
class BoundToken:
    """Valid as long as its Secret is there."""

    installation: Installation
    secret: str
    token: str

    def expire(self) -> None:
        path = f"/api/v1/namespaces/{self.installation.system}/secrets/{self.secret}"
        self.installation.http.delete(path).raise_for_status()


def bound_token(installation: Installation) -> BoundToken:
    http, namespace = installation.http, f"/api/v1/namespaces/{installation.system}"
    name = f"token-{secrets.token_hex(4)}"
    made = http.post(f"{namespace}/secrets", json={"metadata": {"name": name}})
    uid = made.raise_for_status().json()["metadata"]["uid"]
    bound = {"apiVersion": "v1", "kind": "Secret", "name": name, "uid": uid}
    answer = http.post(
        f"{namespace}/serviceaccounts/lexmill-operator/token",
        json={"spec": {"audiences": [], "boundObjectRef": bound}},
    )
    return BoundToken(installation, name, answer.raise_for_status().json()["status"]["token"])
