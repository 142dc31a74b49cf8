"""What the manifests name is there: jobs, metrics, addresses, and a way for events to their job."""

import re
from typing import Any

import msgspec
import pytest
import yaml
from fastapi.routing import APIRoute

from lexmill.events.cloudevents import CloudEvent, DataKind
from lexmill.events.filters import compile_filters
from lexmill.jobs.refusals import read_legaljob
from lexmill.jobs.schemas import LegalJob
from lexmill.scaling.schemas import PoolBacklog
from lexmill.telemetry.metrics import POOL_BACKLOG
from lexmill_api.v1 import jobs
from tests.charts.charts import of_kind
from tests.controlplane.control_plane import ControlPlane
from tests.manifests.shipped import MANIFESTS, Manifest, kustomized, read
from tests.processes import until

GAUGE = next(iter(POOL_BACKLOG.collect()))
SAMPLES = {
    manifest["metadata"]["name"]: read_legaljob(manifest)
    for file in sorted((MANIFESTS / "samples").glob("*.yaml"))
    for manifest in read(file)
    if manifest["kind"] == "LegalJob"
}
SCALED_OBJECTS = [
    each
    for file in sorted((MANIFESTS / "keda").glob("*.yaml"))
    for each in read(file)
    if each["kind"] == "ScaledObject"
]


@pytest.fixture(scope="module")
def knative(control_plane: ControlPlane) -> list[Manifest]:
    return kustomized(control_plane, "knative")


def named(manifests: list[Manifest], reference: dict[str, str]) -> LegalJob:
    """The LegalJob that a ref leads to, beside it or among the samples."""
    assert reference["apiVersion"] == "lexmill.io/v1alpha1"
    assert reference["kind"] == "LegalJob"
    beside = {
        each["metadata"]["name"]: read_legaljob(each) for each in of_kind(manifests, "LegalJob")
    }
    return {**SAMPLES, **beside}[reference["name"]]


def takes(job: LegalJob, type_: str) -> bool:
    assert job.spec.trigger is not None
    filters = job.spec.trigger.filters
    event = CloudEvent(id="1", source="/tests", type=type_, data=b"", data_kind=DataKind.ABSENT)
    return compile_filters([each.model_dump(exclude_unset=True) for each in filters])(event)


def test_what_a_trigger_lets_through_is_what_its_job_takes(knative: list[Manifest]) -> None:
    triggers = of_kind(knative, "Trigger")
    brokers = {each["metadata"]["name"] for each in of_kind(knative, "Broker")}
    assert triggers
    for trigger in triggers:
        assert trigger["spec"]["broker"] in brokers
        job = named(knative, trigger["spec"]["subscriber"]["ref"])
        for each in trigger["spec"]["filters"]:
            assert takes(job, each["exact"]["type"])


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ("PingSource", "dev.knative.sources.ping"),
        ("SinkBinding", "com.example.contract.received"),
    ],
)
def test_a_source_sends_to_a_job_that_takes_its_events(
    knative: list[Manifest], kind: str, type_: str
) -> None:
    (source,) = of_kind(knative, kind)
    assert takes(named(knative, source["spec"]["sink"]["ref"]), type_)


def test_what_the_api_server_source_sends_is_found_by_the_jobs_pointer(
    knative: list[Manifest],
) -> None:
    (source,) = of_kind(knative, "ApiServerSource")
    sink = source["spec"]["sink"]
    assert sink["uri"] == f"/ns/{source['metadata']['namespace']}/events"
    job = named(knative, {**SOURCE_JOB, "name": source["metadata"]["name"]})
    assert takes(job, "dev.knative.apiserver.resource.add")
    assert job.spec.trigger is not None
    assert job.spec.trigger.document == "/data/data/uri"  # the event's data is a ConfigMap


SOURCE_JOB = {"apiVersion": "lexmill.io/v1alpha1", "kind": "LegalJob"}


def test_dead_letters_go_to_a_service_that_runs_the_program(knative: list[Manifest]) -> None:
    (broker,) = of_kind(knative, "Broker")
    (service,) = of_kind(knative, "Service")
    (dead_letters,) = of_kind(knative, "StatefulSet")
    reference = broker["spec"]["delivery"]["deadLetterSink"]["ref"]
    assert reference["name"] == service["metadata"]["name"]
    labels = dead_letters["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    volumes = dead_letters["spec"]["template"]["spec"]["volumes"]
    programs = {each["metadata"]["name"]: each["data"] for each in of_kind(knative, "ConfigMap")}
    assert "dead_letters.py" in programs[volumes[0]["configMap"]["name"]]


def test_autoscalers_lead_to_a_job_that_obeys_them() -> None:
    targets = [each["spec"]["scaleTargetRef"] for each in SCALED_OBJECTS]
    (autoscaler,) = read(MANIFESTS / "prometheus" / "hpa.yaml")
    for target in [*targets, autoscaler["spec"]["scaleTargetRef"]]:
        job = named([], target)
        assert job.spec.workers.mode == "External"
        assert "replicas" not in job.spec.workers.model_fields_set  # each apply would take it back


def triggers(kind: str) -> list[dict[str, Any]]:
    found = [
        trigger["metadata"]
        for each in SCALED_OBJECTS
        for trigger in each["spec"]["triggers"]
        if trigger["type"] == kind
    ]
    assert found
    return found


def test_the_query_of_prometheus_names_our_gauge_with_its_labels() -> None:
    for trigger in triggers("prometheus"):
        found = re.fullmatch(r'max\((\w+)\{((?:\w+="[^"]*"(?:, )?)+)\}\)', trigger["query"].strip())
        assert found is not None, trigger["query"]
        assert found[1] == GAUGE.name
        assert re.findall(r'(\w+)="', found[2]) == list(POOL_BACKLOG._labelnames)


def test_the_address_that_keda_asks_is_a_route_and_its_value_is_in_the_answer() -> None:
    fields = {each.name for each in msgspec.structs.fields(PoolBacklog)}
    routes = [route.path_regex for route in jobs.router.routes if isinstance(route, APIRoute)]
    for trigger in triggers("metrics-api"):
        assert trigger["valueLocation"] in fields
        _, _, path = trigger["url"].partition("/v1")
        assert any(route.match(path) for route in routes), trigger["url"]


def test_the_rule_of_the_adapter_makes_the_metric_that_the_autoscaler_reads() -> None:
    values = yaml.safe_load((MANIFESTS / "prometheus" / "adapter-values.yaml").read_text("utf-8"))
    (rule,) = values["rules"]["custom"]
    (autoscaler,) = read(MANIFESTS / "prometheus" / "hpa.yaml")
    (metric,) = autoscaler["spec"]["metrics"]
    assert metric["object"]["metric"]["name"] == GAUGE.name
    assert f'__name__="{GAUGE.name}"' in rule["seriesQuery"]
    assert {*rule["resources"]["overrides"], "pool"} == set(POOL_BACKLOG._labelnames)


def test_knative_may_read_legaljobs_by_its_own_role(
    control_plane: ControlPlane, legaljob_crd: None, namespace: str
) -> None:
    """Its ClusterRole `addressable-resolver` collects those with the label, ours among them."""
    name = f"addressable-resolver-{namespace}"
    label = {"duck.knative.dev/addressable": "true"}
    resolver = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": label}]},
        "rules": [],
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {**RBAC, "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": namespace}],
    }
    ours = read(MANIFESTS / "knative" / "addressable.yaml")
    control_plane.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all([resolver, binding, *ours]))
    path = f"/apis/lexmill.io/v1alpha1/namespaces/{namespace}/legaljobs"
    with control_plane.client(control_plane.token_for(namespace, "default")) as knative:
        until(lambda: knative.get(path).is_success)
        assert knative.post(path, json={}).status_code == 403


RBAC = {"apiGroup": "rbac.authorization.k8s.io"}
