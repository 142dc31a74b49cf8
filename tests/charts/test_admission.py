"""A real API server takes every object as it is, where Pod Security "restricted" is enforced.

Nothing is kept: all but service accounts, without which no pod is taken, is asked as a dry run.
"""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts.charts import (
    CHART,
    MATRIX,
    NAMESPACE,
    Helm,
    Manifest,
    RefusedError,
    containers,
    of_kind,
    pods,
    worker_pod,
)
from tests.charts.crds import OTHERS
from tests.controlplane.control_plane import ControlPlane
from tests.goprograms import CannotBuildError
from tests.processes import until

STRICT = {"dryRun": "All", "fieldValidation": "Strict"}
RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}

each_installation = pytest.mark.parametrize("values", MATRIX, ids=lambda file: file.stem)


@pytest.fixture(scope="module")
def cluster(control_plane: ControlPlane) -> ControlPlane:
    """With others' CRDs, the namespaces of the matrix and a class that one installation wants."""
    try:
        files = [file for module in OTHERS for file in module.crds()]
    except CannotBuildError as error:
        pytest.skip(f"the CRDs of the Gateway API and the Prometheus Operator: {error}")
    control_plane.kubectl(
        "apply", "--server-side", *(word for file in files for word in ("--filename", str(file)))
    )
    kinds = ("httproutes", "servicemonitors", "podmonitors", "prometheusrules")
    until(lambda: all(kind in control_plane.kubectl("api-resources").stdout for kind in kinds))
    important = {"metadata": {"name": "important"}, "value": 1000}
    control_plane.http.post("/apis/scheduling.k8s.io/v1/priorityclasses", json=important)
    for name in namespaces():
        body = {"metadata": {"name": name, "labels": RESTRICTED}}
        control_plane.http.post("/api/v1/namespaces", json=body)
        path = account_path(name, "default")
        until(partial(_is_there, control_plane, path))
    return control_plane


def _is_there(cluster: ControlPlane, path: str) -> bool:
    return cluster.http.get(path).is_success


def namespaces() -> set[str]:
    given = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in MATRIX]
    named = {each["namespace"] for values in given for each in values.get("tenants", ())}
    return {NAMESPACE, *named} - {""}


def account_path(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}"


def ask(cluster: ControlPlane, manifest: Manifest) -> list[str]:
    """The warnings; what is refused fails here."""
    metadata = manifest["metadata"]
    path = collection(cluster, manifest["apiVersion"], manifest["kind"], metadata.get("namespace"))
    answer = cluster.http.post(path, params=STRICT, json=manifest)
    assert answer.is_success, f"{manifest['kind']} {metadata['name']}: {answer.text}"
    return answer.headers.get_list("warning")


def collection(cluster: ControlPlane, version: str, kind: str, namespace: str | None) -> str:
    base = f"/api/{version}" if version == "v1" else f"/apis/{version}"
    resources = cluster.http.get(base).raise_for_status().json()["resources"]
    [plural] = [
        each["name"] for each in resources if each["kind"] == kind and "/" not in each["name"]
    ]
    return f"{base}/{plural}" if namespace is None else f"{base}/namespaces/{namespace}/{plural}"


def make_accounts(cluster: ControlPlane, manifests: list[Manifest]) -> None:
    for each in of_kind(manifests, "ServiceAccount"):
        namespace, name = each["metadata"]["namespace"], each["metadata"]["name"]
        cluster.http.post(account_path(namespace, "").rstrip("/"), json=each)
        assert cluster.http.get(account_path(namespace, name)).is_success


@each_installation
def test_every_object_is_taken(helm: Helm, cluster: ControlPlane, values: Path) -> None:
    manifests = helm.render(values)
    make_accounts(cluster, manifests)
    for each in manifests:
        if each["kind"] != "ServiceAccount" and not is_there(cluster, each):
            assert ask(cluster, each) == [], each["metadata"]["name"]


def is_there(cluster: ControlPlane, manifest: Manifest) -> bool:
    """LegalJobs' CRD, where another test of this session needed it."""
    if manifest["kind"] != "CustomResourceDefinition":
        return False
    path = collection(cluster, manifest["apiVersion"], manifest["kind"], None)
    return cluster.http.get(f"{path}/{manifest['metadata']['name']}").is_success


@each_installation
def test_every_pod_is_taken(helm: Helm, cluster: ControlPlane, values: Path) -> None:
    """Kubernetes takes a Deployment whose pods it will refuse, and only warns."""
    manifests = helm.render(values)
    make_accounts(cluster, manifests)
    found = pods(manifests)
    assert len(found) >= 3
    for maker, pod in found.items():
        if maker != "workers":
            place = pod["metadata"].get("namespace", NAMESPACE)
            ask_for_pod(cluster, place, maker, pod)
    given = yaml.safe_load(values.read_text(encoding="utf-8"))
    for tenant in given.get("tenants", [{"namespace": ""}]):
        namespace = tenant["namespace"] or NAMESPACE
        for pool in ("main", "ocr"):
            ask_for_pod(
                cluster, namespace, pool, worker_pod(manifests, namespace=namespace, pool=pool)
            )


def ask_for_pod(cluster: ControlPlane, namespace: str, maker: str, pod: Manifest) -> None:
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**pod["metadata"], "name": "asked", "namespace": namespace},
        "spec": pod["spec"],
    }
    assert ask(cluster, body) == [], maker


def test_a_pod_that_may_too_much_would_be_refused(helm: Helm, cluster: ControlPlane) -> None:
    manifests = helm.render()
    make_accounts(cluster, manifests)
    pod = worker_pod(manifests, namespace=NAMESPACE, pool="main")
    del containers(pod)[0]["securityContext"]["capabilities"]
    with pytest.raises(AssertionError, match="violates PodSecurity"):
        ask_for_pod(cluster, NAMESPACE, "main", pod)


def test_an_installation_keeps_its_passwords_and_leaves_nothing(
    helm: Helm, cluster: ControlPlane, namespace: str
) -> None:
    """By Helm itself; hooks are pods, which nobody runs here (tests/cluster has them)."""
    words = ("--namespace", namespace, "--no-hooks", "--set", "crds.install=false")

    def run(*given: str) -> str:
        return helm.run(*given, kubeconfig=cluster.kubeconfig)

    chart = str(Path(__file__).parents[2] / "charts" / "lexmill")
    run("install", "lexmill", chart, *words)
    first = secrets_of(cluster, namespace)
    assert {"lexmill-logins", "lexmill-postgresql", "lexmill-valkey", "lexmill-worker"} <= set(
        first
    )
    logins = first["lexmill-logins"]
    assert set(logins) == {"ingest", "api", f"tenant.{namespace}"}
    assert len({*logins.values(), *first["lexmill-valkey"].values()}) == 4
    pod_templates = templates_of(cluster, namespace)
    run("upgrade", "lexmill", chart, *words, "--set", "api.replicas=3")
    assert secrets_of(cluster, namespace) == first
    assert templates_of(cluster, namespace) == pod_templates, "an upgrade restarts nothing in vain"
    run("rollback", "lexmill", "1", "--namespace", namespace, "--no-hooks")
    assert secrets_of(cluster, namespace) == first
    run("uninstall", "lexmill", "--namespace", namespace, "--no-hooks")
    until(lambda: left_in(cluster, namespace) == [])
    run("install", "lexmill", chart, *words)
    again = secrets_of(cluster, namespace)
    assert again["lexmill-logins"] != logins
    run("uninstall", "lexmill", "--namespace", namespace, "--no-hooks")


def test_migrations_that_failed_run_again_with_the_next_upgrade(
    helm: Helm, cluster: ControlPlane, namespace: str
) -> None:
    """What was mended outside of the chart, a Secret or a right in PostgreSQL, changes no name."""
    words = ("lexmill", str(CHART), "--namespace", namespace, "--no-hooks")
    values = ("--set", "crds.install=false")

    def run(*given: str) -> str:
        return helm.run(*given, kubeconfig=cluster.kubeconfig)

    def migrations() -> dict[str, str]:
        listed = cluster.http.get(f"/apis/batch/v1/namespaces/{namespace}/jobs").json()["items"]
        return {
            each["metadata"]["name"]: each["metadata"]["uid"]
            for each in listed
            if "deletionTimestamp" not in each["metadata"]
        }

    def fail() -> None:
        """Nobody runs its pod here, so it has failed when nobody waits for it any more."""
        [job] = [f"job/{name}" for name in migrations()]
        soon = '{"spec": {"activeDeadlineSeconds": 1}}'
        cluster.kubectl("patch", job, "--namespace", namespace, "--patch", soon)
        failed = ("--for", "condition=Failed", "--timeout", "60s")
        cluster.kubectl("wait", job, "--namespace", namespace, *failed)

    run("install", *words, *values)
    first = migrations()
    run("upgrade", *words, *values)
    assert migrations() == first, "what is under way is left alone"
    for _ in range(2):
        before = migrations()
        fail()
        run("upgrade", *words, *values)
        assert len(migrations()) == 1
        assert migrations() != before
    run("uninstall", "lexmill", "--namespace", namespace, "--no-hooks")


def test_two_installations_beside_each_other(
    helm: Helm, cluster: ControlPlane, namespace: str
) -> None:
    """They get on, and are told what they have to keep apart."""
    chart = str(Path(__file__).parents[2] / "charts" / "lexmill")
    words = ("--namespace", namespace, "--no-hooks")

    def install(name: str, *more: str) -> str:
        given = ("--set", "crds.install=false", *more)
        return helm.run("install", name, chart, *words, *given, kubeconfig=cluster.kubeconfig)

    warning = f"WARNING: the Lexmill in namespace {namespace} watches all namespaces"
    own = ("--set", "operator.clusterWide=false")
    try:
        assert warning not in install("one", *own)
        assert warning not in install("two")
        assert warning in install("three", *own)
    finally:
        for name in ("one", "two", "three"):
            helm.run("uninstall", name, *words, kubeconfig=cluster.kubeconfig)
    until(lambda: left_in(cluster, namespace) == [])


def test_a_namespace_that_is_missing_is_named(helm: Helm, cluster: ControlPlane) -> None:
    chart = str(Path(__file__).parents[2] / "charts" / "lexmill")
    with pytest.raises(RefusedError, match='namespaces "nowhere" not found'):
        helm.run(
            *("install", "lexmill", chart, "--namespace", "nowhere", "--set", "crds.install=false"),
            kubeconfig=cluster.kubeconfig,
        )


def secrets_of(cluster: ControlPlane, namespace: str) -> dict[str, dict[str, str]]:
    answer = cluster.http.get(f"/api/v1/namespaces/{namespace}/secrets").raise_for_status()
    return {
        each["metadata"]["name"]: each.get("data", {})
        for each in answer.json()["items"]
        if each["type"] == "Opaque"
    }


def templates_of(cluster: ControlPlane, namespace: str) -> dict[str, Any]:
    found = {}
    for plural in ("deployments", "statefulsets"):
        path = f"/apis/apps/v1/namespaces/{namespace}/{plural}"
        for each in cluster.http.get(path).raise_for_status().json()["items"]:
            found[each["metadata"]["name"]] = each["spec"]["template"]
    return found


def left_in(cluster: ControlPlane, namespace: str) -> list[str]:
    """Of the chart: what Kubernetes puts into each namespace is no object of ours."""
    run = cluster.kubectl(
        *("get", "--namespace", namespace, "--output", "name"),
        "all,secrets,configmaps,serviceaccounts,roles,rolebindings,networkpolicies,pvc,pdb",
    )
    cluster_wide = cluster.kubectl(
        "get", "clusterroles,clusterrolebindings", "--output", "name"
    ).stdout.split()
    own = [name for name in cluster_wide if name.endswith(f"-{namespace}")]
    kubernetes = {"configmap/kube-root-ca.crt", "serviceaccount/default"}
    return sorted({*run.stdout.split(), *own} - kubernetes)
