"""Knative's sources and its Broker bring documents; what cannot be taken is a dead letter."""

import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
import yaml

from tests.cluster.addons import KNATIVE, need
from tests.cluster.reaching import forwarded
from tests.cluster.release import Release
from tests.cluster.shipped import by_kind, kustomized, shipped
from tests.processes import until

TEXT = """Lease number {number}. This Lease is made on 1 June 2026 between Marsh & Reed LLC
("Landlord") and Oakline Books Inc. ("Tenant"). The term is five (5) years. This Lease is governed
by the laws of the State of New York."""
FOLDER = "/var/lib/lexmill/files"
AWAY_SECONDS = 20
SENDERS = httpx.Limits(max_connections=100)
EACH = 60
"""Events before the API is away, as many meanwhile, and afterwards."""


@dataclass(frozen=True)
class Broker:
    http: httpx.Client
    path: str

    def send(self, id_: str, content: bytes, media_type: str = "text/plain") -> None:
        """Again and again, as senders do, until the Broker has taken it.

        With the in-memory channel it takes what its subscriber, or the dead-letter sink, has taken.
        """
        headers = {
            "ce-specversion": "1.0",
            "ce-id": id_,
            "ce-source": "/cluster-tests",
            "ce-type": "com.example.contract.received",
            "content-type": media_type,
        }
        until(lambda: self._takes(content, headers), seconds=300)

    def _takes(self, content: bytes, headers: dict[str, str]) -> bool:
        try:
            answer = self.http.post(self.path, content=content, headers=headers)
        except httpx.TransportError:
            return False
        return answer.status_code == 202

    def send_lease(self, number: int) -> None:
        self.send(f"lease-{number}", TEXT.format(number=number).encode())


@pytest.fixture(scope="module")
def knative(lexmill: Release) -> Iterator[Release]:
    """The shipped manifests; the canary sings every few seconds."""
    need(lexmill.cluster, KNATIVE)
    manifests = kustomized(lexmill, "knative")
    by_kind(manifests, "PingSource")["spec"]["schedule"] = "*/5 * * * * *"
    by_kind(manifests, "CronJob")["spec"]["suspend"] = True  # its image is somebody else's
    dead_letters = by_kind(manifests, "StatefulSet")["spec"]["template"]["spec"]
    dead_letters["containers"][0]["image"] = lexmill.images.name("api")  # any Python will do
    manifests += shipped(lexmill, "samples/listening.yaml")
    lexmill.cluster.apply(*manifests, namespace=lexmill.namespace)
    lexmill.kubectl("rollout", "status", "statefulset/dead-letters", "--timeout=120s", seconds=130)
    for kind in ("broker", "trigger", "pingsource", "apiserversource", "sinkbinding"):
        lexmill.kubectl(
            *("wait", kind, "--all", "--for=condition=Ready", "--timeout=120s"), seconds=130
        )
    yield lexmill
    ours = [each for each in manifests if each["kind"] != "ClusterRole"]
    lexmill.kubectl("delete", "--filename", "-", stdin=yaml.safe_dump_all(ours))


@pytest.fixture(scope="module")
def broker(knative: Release) -> Iterator[Broker]:
    name = by_kind(kustomized(knative, "knative"), "Broker")["metadata"]["name"]
    with (
        forwarded(knative.cluster, "broker-ingress", 80, namespace="knative-eventing") as url,
        httpx.Client(base_url=url, timeout=60, limits=SENDERS) as http,
    ):
        yield Broker(http, f"/{knative.namespace}/{name}")


def test_a_trigger_finds_the_address_of_its_legaljob(knative: Release) -> None:
    address = knative.legaljob("intake")["status"]["address"]["url"]
    assert address.startswith(knative.api_url)
    assert address.endswith(f"/ns/{knative.namespace}/jobs/intake/events")
    trigger = knative.cluster.find(
        "triggers.eventing.knative.dev", "intake", namespace=knative.namespace
    )
    assert trigger is not None
    assert trigger["status"]["subscriberUri"] == address


def test_a_ping_source_sends_documents_to_a_legaljob(knative: Release) -> None:
    until(lambda: knative.state_counts("canary").get("succeeded", 0) >= 2, seconds=120)
    assert set(knative.state_counts("canary")) <= {"queued", "running", "succeeded"}


def test_an_api_server_source_registers_documents_by_the_address_of_the_api(
    knative: Release,
) -> None:
    into = f"mkdir -p {FOLDER} && cat >{FOLDER}/$0.txt"
    for name in (f"registered-{secrets.token_hex(3)}" for _ in range(3)):
        knative.kubectl(
            *("exec", "--stdin", knative.workload("api"), "--container", "api", "--"),
            *("sh", "-c", into, name),
            stdin=TEXT.format(number=name),
        )
        config_map = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "labels": {"contracts.example.com/registered": "true"}},
            "data": {"uri": f"file://{FOLDER}/{name}.txt"},
        }
        knative.cluster.apply(config_map, namespace=knative.namespace)
    until(lambda: knative.state_counts("registered") == {"succeeded": 3}, seconds=120)


def test_nothing_is_lost_while_the_api_is_away_and_what_is_bad_is_a_dead_letter(
    knative: Release, broker: Broker
) -> None:
    with ThreadPoolExecutor(max_workers=EACH + 2) as senders:
        sent = [senders.submit(broker.send_lease, n) for n in range(EACH)]
        wait(sent)
        with away(knative):
            sent += [senders.submit(broker.send_lease, n) for n in range(EACH, 2 * EACH)]
            bad = b'{"party": "Acme Ltd"'
            sent.append(senders.submit(broker.send, "bad-json", bad, "application/json"))
            sent.append(senders.submit(broker.send, "bad-size", b"A" * (2 << 20)))
        sent += [senders.submit(broker.send_lease, n) for n in range(2 * EACH, 3 * EACH)]
        for each in sent:
            each.result()

    until(lambda: sum(knative.state_counts("intake").values()) >= 3 * EACH, seconds=240)
    until(lambda: set(letters(knative)) == {"bad-json", "bad-size"}, seconds=240)
    until(lambda: knative.state_counts("intake") == {"succeeded": 3 * EACH}, seconds=240)
    told = letters(knative)
    assert told["bad-json"]["knativeerrorcode"] == "400"
    assert told["bad-size"]["knativeerrorcode"] == "413"
    assert "JSON" in told["bad-json"]["reason"]
    assert "Acme" not in json.dumps(told)  # it is on the volume, not in the log
    assert sent_again(knative) == ["400", "413"]  # and stays there


def sent_again(release: Release) -> list[str]:
    """What the address of the LegalJob answers to each dead letter."""
    url = release.legaljob("intake")["status"]["address"]["url"]
    program = f"python /program/dead_letters.py resend {url} || test $? = 1"
    said = release.kubectl("exec", "statefulset/dead-letters", "--", "sh", "-c", program)
    return sorted(line.split()[1] for line in said.splitlines())


@contextmanager
def away(release: Release) -> Iterator[None]:
    """No API, for so long at least; counted from when its last pod is gone."""
    replicas = len(release.pods("api"))
    release.kubectl("scale", release.workload("api"), "--replicas=0")
    until(lambda: not release.pods("api"), seconds=90)
    since = time.monotonic()
    try:
        yield
        until(lambda: time.monotonic() > since + AWAY_SECONDS)
    finally:
        release.kubectl("scale", release.workload("api"), f"--replicas={replicas}")
        release.await_rollout("api")


def letters(release: Release) -> dict[str, dict[str, str]]:
    """What the dead-letter sink's log says, by the event's id."""
    lines = release.kubectl("logs", "statefulset/dead-letters").splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    return {each["id"]: each for each in told}
