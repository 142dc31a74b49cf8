"""What the chart sets is what the processes read: their own settings are made of it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from sqlalchemy import make_url

from lexmill.settings import OperatorProcessSettings, Settings
from lexmill.tenancy.roles import tenant_role
from lexmill_operator.__main__ import read_worker_template
from tests.charts.charts import (
    MATRIX,
    Helm,
    Manifest,
    containers,
    of_kind,
    one,
    pods,
    worker_template,
)

S = TypeVar("S", Settings, OperatorProcessSettings)

TRUSTED = "/etc/lexmill/certificates/ca.crt"

each_installation = pytest.mark.parametrize("values", MATRIX, ids=lambda file: file.stem)


def variables(container: Manifest) -> dict[str, str]:
    """As the kubelet makes them; what comes out of a Secret is a word for it."""
    found: dict[str, str] = {}
    for each in container.get("env", ()):
        value = each.get("value")
        if value is None:
            source = each["valueFrom"]
            value = source.get("fieldRef", {}).get("fieldPath") or secret(each["name"])
        for name, known in found.items():
            value = value.replace(f"$({name})", known)
        found[each["name"]] = value
    return found


def secret(name: str) -> str:
    return f"postgresql+psycopg://{name.lower()}@db/x" if name.endswith("URL") else "Secret-123"


def of_secrets(manifests: list[Manifest], container: Manifest, namespace: str) -> dict[str, str]:
    """From envFrom: what the chart made itself, and what only the user knows."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        name = source["secretRef"]["name"]
        for each in of_kind(manifests, "Secret"):
            if (each["metadata"]["namespace"], each["metadata"]["name"]) == (namespace, name):
                found |= each["stringData"]
    return found


@each_installation
def test_the_api_understands_its_settings(
    helm: Helm, values: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifests = helm.render(values)
    api = of_component(manifests, "api")
    [container] = api["spec"]["template"]["spec"]["containers"]
    given = {"LEXMILL_QUEUE__URL": "redis://given", **variables(container)}
    settings = process_settings(Settings, given, monkeypatch)
    assert settings.required_api.token_review is not None
    [allowed] = settings.required_api.token_review.allowed
    account = of_component(manifests, "operator")["spec"]["template"]["spec"]["serviceAccountName"]
    assert allowed == f"system:serviceaccount:lexmill-system:{account}"
    assert settings.required_api.host == "0.0.0.0"
    logins = {
        make_url(url.get_secret_value()).username
        for url in (settings.database.url, settings.database.api_url)
        if url is not None
    }
    own = "logins-of-ones-own" in values.name
    assert logins == (
        {"lexmill_database__url", "lexmill_database__api_url"} if own else {"ingest", "api"}
    )
    ours_only(given)


@each_installation
def test_the_operator_understands_its_settings(
    helm: Helm, values: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    manifests = helm.render(values)
    [container] = of_component(manifests, "operator")["spec"]["template"]["spec"]["containers"]
    given = variables(container)
    settings = process_settings(OperatorProcessSettings, given, monkeypatch)
    mounts = {each["mountPath"] for each in container["volumeMounts"]}
    assert str(settings.operator.token_file.parent) in mounts
    assert str(settings.operator.pod_template.parent) in mounts
    file = tmp_path / "pod-template.yaml"
    file.write_text(yaml.safe_dump(worker_template(manifests)), encoding="utf-8")
    read = read_worker_template(settings.operator.model_copy(update={"pod_template": file}))
    assert read.ocr_image is not None
    assert "worker-ocr" in read.ocr_image
    service = [
        each for each in of_kind(manifests, "Service") if each["metadata"]["name"].endswith("-api")
    ]
    [name] = [each["metadata"]["name"] for each in service]
    assert settings.operator.api_url == f"http://{name}.lexmill-system.svc:80"
    ours_only(given)


@each_installation
def test_workers_understand_their_settings(
    helm: Helm, values: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifests = helm.render(values)
    given = yaml.safe_load(values.read_text(encoding="utf-8"))
    [container] = worker_template(manifests)["spec"]["containers"]
    for tenant in given.get("tenants", [{"namespace": ""}]):
        namespace = tenant["namespace"] or "lexmill-system"
        made = of_secrets(manifests, container, namespace)
        assert bool(made) == tenant.get("createSecret", True)
        if made:
            # What is missing the user's Secret has.
            full = {
                "LEXMILL_WORKER__NAMESPACE": namespace,
                "LEXMILL_WORKER__JOB": "a-uid",
                "LEXMILL_QUEUE__URL": "redis://given",
                **variables(container),
                **made,
            }
            settings = process_settings(Settings, full, monkeypatch)
            url = make_url(settings.database.url.get_secret_value())
            assert url.username == tenant_role(namespace)
            assert url.password is not None
            assert settings.telemetry.metrics_port == 8080
    ours_only(variables(container))


def test_prefixes_reach_the_migrations(helm: Helm) -> None:
    [production] = [file for file in MATRIX if file.stem == "production"]
    script = migration(helm.render(production))["args"][0]
    assert (
        "tenant add contracts --password-file /logins/tenant.contracts"
        " --read 's3://acme-contracts/' --write 's3://acme-results/contracts/'\n" in script
    )
    assert "/logins/tenant.litigation --read 'any' --write" in script


def test_the_migrations_know_who_owns_the_database(helm: Helm) -> None:
    [own] = [file for file in MATRIX if file.stem == "secrets-of-ones-own"]
    container = migration(helm.render(own))
    password = {each["name"]: each for each in container["env"]}["PGPASSWORD"]
    assert password["valueFrom"]["secretKeyRef"] == {"name": "lexmill-owner", "key": "pg-password"}
    url = make_url(variables(container)["LEXMILL_DATABASE__URL"])
    assert (url.username, url.password, url.host) == ("lexmill", None, "db.example.com")


def migration(manifests: list[Manifest]) -> Manifest:
    [job] = [each for each in of_kind(manifests, "Job") if "-migrate-" in each["metadata"]["name"]]
    [container] = job["spec"]["template"]["spec"]["containers"]
    return dict(container)


def test_a_database_takes_its_parameters(helm: Helm) -> None:
    [production] = [file for file in MATRIX if file.stem == "production"]
    manifests = helm.render(production)
    [container] = one(manifests, "Deployment", "lexmill-api")["spec"]["template"]["spec"][
        "containers"
    ]
    url = make_url(variables(container)["LEXMILL_DATABASE__URL"])
    assert url.query == {"sslmode": "verify-full", "sslrootcert": TRUSTED}


def of_component(manifests: list[Manifest], component: str) -> Manifest:
    [found] = [
        each
        for each in of_kind(manifests, "Deployment")
        if each["metadata"]["labels"]["app.kubernetes.io/component"] == component
    ]
    return found


def process_settings(
    model: type[S], given: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> S:
    with monkeypatch.context() as environment:
        for name, value in given.items():
            environment.setenv(name, value)
        return model()


def ours_only(given: Mapping[str, str]) -> None:
    """A misspelt variable would be silently of no effect: every name leads to a field."""
    for name in given:
        if name.startswith("LEXMILL_"):
            field: Any = None
            fields = {**Settings.model_fields, **OperatorProcessSettings.model_fields}
            for part in name.removeprefix("LEXMILL_").lower().split("__"):
                assert part in fields, name
                field = fields[part]
                fields = inner(field.annotation)


def inner(annotation: Any) -> dict[str, Any]:
    """The fields of a group, also of one that may be None."""
    candidates = [annotation, *getattr(annotation, "__args__", ())]
    for each in candidates:
        if hasattr(each, "model_fields"):
            return dict(each.model_fields)
    return {}


def test_lists_are_json(helm: Helm) -> None:
    [production] = [file for file in MATRIX if file.stem == "production"]
    [container] = of_component(helm.render(production), "api")["spec"]["template"]["spec"][
        "containers"
    ]
    given = variables(container)
    assert json.loads(given["LEXMILL_EGRESS__ALLOWED_NETWORKS"]) == ["10.96.0.0/12"]
    assert json.loads(given["LEXMILL_API__ALLOWED_ORIGINS"]) == ["https://legal.example.com"]


def test_certificates_reach_whoever_asks_for_them(helm: Helm) -> None:
    [production] = [file for file in MATRIX if file.stem == "production"]
    manifests = helm.render(production)
    found = pods(manifests)
    asking = [
        *containers(found["Deployment lexmill-api"]),
        *containers(found["workers"]),
        migration(manifests),
    ]
    for container in asking:
        used = {name for name, value in variables(container).items() if TRUSTED in value}
        assert used & {"AWS_CA_BUNDLE", "LEXMILL_DATABASE__URL"}
        assert "/etc/lexmill/certificates" in {
            each["mountPath"] for each in container["volumeMounts"]
        }
    [worker] = containers(found["workers"])
    assert variables(worker)["AWS_CA_BUNDLE"] == TRUSTED
    for pod in (found["Deployment lexmill-api"], found["workers"]):
        [volume] = [each for each in pod["spec"]["volumes"] if each["name"] == "certificates"]
        assert volume["configMap"] == {
            "name": "company-ca",
            "items": [{"key": "company.pem", "path": "ca.crt"}],
        }
