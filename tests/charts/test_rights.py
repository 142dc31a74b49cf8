"""The chart's rights are those that the operator's and the API's own tests run with."""

from pathlib import Path
from typing import Any

import yaml

from tests.charts.charts import MATRIX, NAMESPACE, ROOT, Helm, Manifest, of_kind, one

MANIFESTS = ROOT / "manifests"
CLUSTER = f"-{NAMESPACE}"


def shipped(file: str) -> dict[str, list[dict[str, Any]]]:
    """Rules by the name of their role."""
    text = (MANIFESTS / file).read_text(encoding="utf-8")
    return {each["metadata"]["name"]: each["rules"] for each in yaml.safe_load_all(text)}


def installation(name: str) -> Path:
    [found] = [file for file in MATRIX if file.stem == name]
    return found


def test_they_are_the_tested_ones(helm: Helm) -> None:
    manifests = helm.render()
    tested = shipped("rbac/operator.yaml")
    assert {
        "lexmill-operator": one(manifests, "ClusterRole", f"lexmill-operator{CLUSTER}")["rules"],
        "lexmill-operator-lease": one(manifests, "Role", "lexmill-operator-lease")["rules"],
        "lexmill-operator-uninstall": one(manifests, "Role", "lexmill-operator-uninstall")["rules"],
        "lexmill-api": one(manifests, "ClusterRole", f"lexmill-api{CLUSTER}")["rules"],
    } == tested


def test_namespaced_they_are_the_same_and_nowhere_else(helm: Helm) -> None:
    manifests = helm.render(
        {
            "operator": {"clusterWide": False},
            "storage": {"uri": "s3://lexmill"},
            "tenants": [{"namespace": "contracts"}, {"namespace": "litigation"}],
        }
    )
    tested = shipped("rbac/operator.yaml")["lexmill-operator"]
    places = {
        each["metadata"]["namespace"]
        for each in of_kind(manifests, "Role")
        if each["rules"] == tested
    }
    assert places == {"contracts", "litigation"}
    assert not [
        each
        for each in of_kind(manifests, "ClusterRole")
        if any("deployments" in rule["resources"] for rule in each["rules"])
    ]


def test_every_binding_leads_to_a_role_and_an_account_that_are_there(helm: Helm) -> None:
    for values in MATRIX:
        manifests = helm.render(values)
        for each in of_kind(manifests, "RoleBinding") + of_kind(manifests, "ClusterRoleBinding"):
            namespace = each["metadata"].get("namespace")
            reference = each["roleRef"]
            role = one_in(manifests, reference["kind"], reference["name"], namespace)
            assert role["rules"]
            [subject] = each["subjects"]
            one_in(manifests, "ServiceAccount", subject["name"], subject["namespace"])


def one_in(manifests: list[Manifest], kind: str, name: str, namespace: str | None) -> Manifest:
    [found] = [
        each
        for each in of_kind(manifests, kind)
        if each["metadata"]["name"] == name
        and each["metadata"].get("namespace") in {namespace, None}
    ]
    return found


def test_people_get_theirs_by_kubernetes_own_roles(helm: Helm) -> None:
    """Who may delete LegalJobs may purge results (docs/access.md): that is no editor's right."""
    verbs = {}
    for each in of_kind(helm.render(), "ClusterRole"):
        for label in each["metadata"]["labels"]:
            prefix, _, role = label.rpartition("/aggregate-to-")
            if prefix == "rbac.authorization.k8s.io":
                verbs[role] = each["rules"][0]["verbs"]
    assert verbs == {
        "view": ["get", "list", "watch"],
        "edit": ["create", "update", "patch"],
        "admin": ["delete", "deletecollection"],
    }


def test_knative_may_look_legaljobs_up(helm: Helm) -> None:
    role = one(helm.render(), "ClusterRole", f"lexmill-addressable{CLUSTER}")
    assert role["metadata"]["labels"]["duck.knative.dev/addressable"] == "true"
    assert role["rules"] == shipped("knative/addressable.yaml")["lexmill-addressable"]


def test_only_who_asks_kubernetes_has_a_token(helm: Helm) -> None:
    """What reads strangers' documents has none, above all."""
    for values in MATRIX:
        manifests = helm.render(values)
        with_token = set()
        for kind in ("Deployment", "StatefulSet", "Job"):
            for each in of_kind(manifests, kind):
                if each["spec"]["template"]["spec"]["automountServiceAccountToken"]:
                    with_token.add(each["metadata"]["labels"]["app.kubernetes.io/component"])
        assert with_token == {"api", "operator"}
        for each in of_kind(manifests, "ServiceAccount") + of_kind(manifests, "Pod"):
            place = each["spec"] if each["kind"] == "Pod" else each
            assert place["automountServiceAccountToken"] is False, each["metadata"]["name"]
