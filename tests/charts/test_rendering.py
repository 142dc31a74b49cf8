"""What Helm makes of each installation of the matrix, for every version of Kubernetes."""

from pathlib import Path

import pytest
import yaml

from tests.charts.charts import (
    CHART,
    MATRIX,
    NEWEST,
    OLDEST,
    ROOT,
    Helm,
    RefusedError,
    of_kind,
    one,
    worker_template,
)
from tests.charts.schemas import Schemas

VERSIONS = [f"1.{minor}.0" for minor in range(30, 37)]
NOT_OURS = {"HTTPRoute", "ServiceMonitor", "PodMonitor", "PrometheusRule"}
"""Of others' CRDs."""

each_installation = pytest.mark.parametrize("values", MATRIX, ids=lambda file: file.stem)


@each_installation
def test_it_lints(helm: Helm, values: Path) -> None:
    helm.run("lint", "--strict", str(CHART), *helm.values(values))


@each_installation
def test_kubernetes_knows_every_field(helm: Helm, schemas: Schemas, values: Path) -> None:
    manifests = helm.render(values)
    unknown = {each["kind"] for each in manifests if not schemas.knows(each, NEWEST)}
    assert unknown <= NOT_OURS
    known = [each for each in manifests if each["kind"] not in NOT_OURS]
    template = {"apiVersion": "v1", "kind": "PodTemplate", "template": worker_template(manifests)}
    for version in VERSIONS:
        for each in (*known, template):
            assert schemas.complaints(each, version) == [], (version, each)


def test_the_schemas_notice_what_is_wrong(schemas: Schemas) -> None:
    """They are strict, and know what each version knew."""
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}
    assert schemas.complaints({**service, "spec": {"port": []}}, OLDEST) != []
    assert schemas.complaints({**service, "spec": {"ports": [{"port": "80"}]}}, OLDEST) != []
    adjusted = {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": {"containers": [{"name": "a", "restartPolicyRules": []}]},
    }
    assert schemas.complaints(adjusted, "1.30.0") != []
    assert schemas.complaints(adjusted, NEWEST) == []


@each_installation
def test_old_and_new_kubernetes_get_the_same(helm: Helm, values: Path) -> None:
    def inventory(version: str) -> list[tuple[str, str]]:
        manifests = helm.render(values, kubernetes=version)
        return [(each["kind"], each["metadata"]["name"]) for each in manifests]

    assert inventory(OLDEST) == inventory(NEWEST)


def test_a_kubernetes_that_is_too_old_is_refused(helm: Helm) -> None:
    with pytest.raises(RefusedError, match=r"requires kubeVersion: >=1\.30\.0-0"):
        helm.render(kubernetes="1.29.9")


@each_installation
def test_names_are_unique_and_labels_tell_whose_they_are(helm: Helm, values: Path) -> None:
    manifests = helm.render(values)
    keys = [
        (each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
        for each in manifests
    ]
    assert sorted(set(keys), key=str) == sorted(keys, key=str)
    for each in manifests:
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "lexmill", each
        assert labels["app.kubernetes.io/part-of"] == "lexmill", each


def test_labels_and_annotations_for_everything(helm: Helm) -> None:
    [production] = [file for file in MATRIX if file.stem == "production"]
    for each in helm.render(production):
        metadata = each["metadata"]
        assert metadata["labels"]["example.com/cost-centre"] == "4711", each
        if each["kind"] != "Pod":  # those of `helm test` are gone at once
            assert metadata["annotations"]["example.com/contact"] == "legal-platform", each


def test_a_tenants_account_may_be_a_clouds_identity(helm: Helm) -> None:
    [production] = [file for file in MATRIX if file.stem == "production"]
    [account] = [
        each
        for each in of_kind(helm.render(production), "ServiceAccount")
        if each["metadata"]["namespace"] == "litigation"
    ]
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] == (
        "arn:aws:iam::1:role/litigation"
    )


def test_the_crd_is_the_one_that_is_tested(helm: Helm) -> None:
    """Helm reads nothing outside of a chart, so the chart has a copy."""
    own, shipped = CHART / "files" / "crds", ROOT / "manifests" / "crds"
    assert [file.name for file in own.iterdir()] == [file.name for file in shipped.iterdir()]
    for file in shipped.iterdir():
        assert (own / file.name).read_bytes() == file.read_bytes(), (
            f"cp manifests/crds/{file.name} charts/lexmill/files/crds/"
        )
    crd = yaml.safe_load((shipped / "legaljobs.yaml").read_text(encoding="utf-8"))
    rendered = one(helm.render(), "CustomResourceDefinition", crd["metadata"]["name"])
    assert rendered["spec"] == crd["spec"]
    assert rendered["metadata"]["labels"].items() >= crd["metadata"]["labels"].items()


def test_whether_the_crd_is_installed_and_kept(helm: Helm) -> None:
    def annotations(**crds: bool) -> list[str | None]:
        return [
            each["metadata"].get("annotations", {}).get("helm.sh/resource-policy")
            for each in of_kind(helm.render({"crds": crds}), "CustomResourceDefinition")
        ]

    assert annotations() == ["keep"]
    assert annotations(keep=False) == [None]
    assert annotations(install=False) == []


def test_the_migrations_are_another_job_when_they_do_something_else(helm: Helm) -> None:
    def job(**values: object) -> str:
        jobs = of_kind(helm.render(values), "Job")
        [name] = [
            each["metadata"]["name"] for each in jobs if "-migrate-" in each["metadata"]["name"]
        ]
        return str(name)

    first = job()
    assert job() == first
    assert job(api={"replicas": 5}) == first
    assert job(images={"tag": "2"}) != first
    assert job(tenants=[{"namespace": "lexmill-system", "reads": ["any"]}]) != first


def test_the_operator_restarts_when_its_workers_template_changes(helm: Helm) -> None:
    def annotations(**values: object) -> object:
        operator = one(helm.render(values), "Deployment", "lexmill-operator")
        return operator["spec"]["template"]["metadata"]["annotations"]

    assert annotations(api={"replicas": 5}) == annotations()
    assert annotations(workers={"gracePeriodSeconds": 60}) != annotations()


def test_parts_that_are_not_ones_own_are_not_there(helm: Helm) -> None:
    values = {
        "database": {"host": "db", "owner": {"existingSecret": "owner"}},
        "queue": {"url": "redis://valkey:6379"},
        "storage": {"uri": "s3://bucket"},
    }
    assert {each["metadata"]["name"] for each in of_kind(helm.render(), "StatefulSet")} == {
        "lexmill-postgresql",
        "lexmill-valkey",
    }
    rendered = helm.render(values)
    assert of_kind(rendered, "StatefulSet") == of_kind(rendered, "PersistentVolumeClaim") == []
    text = helm.text(values)
    assert "lexmill-postgresql" not in text
    assert "lexmill-valkey" not in text
