"""Values: closed, described, and refused with a sentence that says what to do."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest
import yaml

from tests.charts.charts import CHART, Helm, RefusedError, of_kind

SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
DEFAULTS: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        found: Mapping[str, Any] = SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def objects(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object with properties of its own."""
    schema = resolved(schema)
    if "properties" in schema:
        yield path, schema
    for name, each in schema.get("properties", {}).items():
        yield from objects(each, f"{path}/{name}")
    if "items" in schema:
        yield from objects(schema["items"], f"{path}/0")


def test_the_schema_is_one_and_the_defaults_fit() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.Draft7Validator(SCHEMA).validate(DEFAULTS)


def test_it_is_closed_everywhere() -> None:
    for path, schema in objects(SCHEMA):
        assert schema["additionalProperties"] is False, path


def test_every_value_is_written_down_with_its_default() -> None:
    """What values.yaml does not show nobody finds; what is in the schema only, nobody reads."""
    shown = {"", *paths(DEFAULTS)}
    known = {path for path, _ in objects(SCHEMA)} | {
        f"{path}/{name}" for path, schema in objects(SCHEMA) for name in schema["properties"]
    }
    unshown = {"/global"}
    optional = {
        path
        for path in known
        if path.partition("/resources")[1]  # of Kubernetes
        or path.startswith("/networkPolicy/peers/")  # what the lists before it show
        or path.endswith(("/namespaceSelector", "/podSelector", "/ipBlock"))
    }
    assert known - shown - unshown - optional == set()


def paths(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield f"{path}/{name}"
            yield from paths(each, f"{path}/{name}")
    elif isinstance(value, list) and value:
        yield f"{path}/0"
        yield from paths(value[0], f"{path}/0")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"replicas": 2}, "additional properties 'replicas' not allowed"),
        ({"api": {"replcas": 2}}, "at '/api': additional properties 'replcas' not allowed"),
        ({"images": {"api": {"tga": "1"}}}, "at '/images/api': additional properties 'tga'"),
        ({"tenants": [{"name": "a"}]}, "at '/tenants/0': additional properties 'name'"),
        ({"tenants": [{"namespace": "Team_A"}]}, "at '/tenants/0/namespace'"),
        ({"tenants": []}, "at '/tenants': minItems"),
        ({"api": {"replicas": "2"}}, "at '/api/replicas': got string, want integer"),
        ({"api": {"replicas": 0}}, "at '/api/replicas': minimum"),
        ({"api": {"env": {"LEXMILL_X": 1}}}, "at '/api/env/LEXMILL_X': got number, want string"),
        ({"api": {"env": {"DATABASE": "x"}}}, "'DATABASE' does not match pattern"),
        ({"images": {"pullPolicy": "always"}}, "must be one of 'Always', 'IfNotPresent', 'Never'"),
        ({"images": {"registry": "example.com/"}}, "at '/images/registry'"),
        ({"images": {"api": {"digest": "latest"}}}, "at '/images/api/digest'"),
        ({"queue": {"url": "redis://:secret@valkey"}}, "at '/queue/url'"),
        ({"storage": {"uri": "gs://bucket"}}, "at '/storage/uri'"),
        (
            {"storage": {"volume": {"accessModes": ["ReadWriteOncePod"]}}},
            "at '/storage/volume/accessModes/0': value must be one of",
        ),
        ({"storage": {"uri": "file:///objects"}}, "at '/storage/uri'"),
        ({"database": {"password": "x"}}, "at '/database': additional properties 'password'"),
        ({"networkPolicy": {"cidrs": {"database": ["db"]}}}, "at '/networkPolicy/cidrs/database/0"),
        ({"telemetry": {"logLevel": "loud"}}, "at '/telemetry/logLevel'"),
    ],
    ids=str,
)
def test_a_typo_is_refused_at_its_place(helm: Helm, values: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        helm.render(values)
    assert words in str(refusal.value)


BUCKET = {"uri": "s3://lexmill"}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"tenants": [{"namespace": "contracts"}]},
            (
                "tenant contracts: a volume belongs to one namespace, so that workers there cannot "
                "reach it: set storage.uri to s3://bucket/prefix"
            ),
        ),
        (
            {"database": {"host": "db"}},
            (
                "database.owner.existingSecret: name a Secret with the password of who owns the "
                "database, or set migrations.enabled to false"
            ),
        ),
        (
            {"database": {"existingSecret": "urls"}, "migrations": {"enabled": False}},
            (
                "make the Secret lexmill-worker in that namespace with LEXMILL_DATABASE__URL, "
                "and set tenants[].createSecret to false"
            ),
        ),
        (
            {"database": {"logins": {"existingSecret": "logins"}}},
            "the chart does not know the database login of tenant lexmill-system",
        ),
        (
            {"valkey": {"existingSecret": "valkey"}},
            "valkey.existingSecret is not read by the chart",
        ),
        (
            {
                "database": {"existingSecret": "urls", "owner": {"existingSecret": "owner"}},
                "tenants": [{"createSecret": False}],
            },
            (
                "database.host: where the migrations reach PostgreSQL, as database.existingSecret "
                "is for the API only; or set migrations.enabled to false"
            ),
        ),
        *(
            (
                {
                    "tenants": [{"namespace": "contracts", "createSecret": False, **prefixes}],
                    "storage": BUCKET,
                    **other,
                },
                (
                    "tenant contracts: the chart does not make its login, so that its reads and "
                    "writes would be of no effect: leave them out here, and run "
                    "python -m lexmill_migrations tenant add contracts --read … --write …"
                ),
            )
            for prefixes in ({"reads": ["any"]}, {"writes": ["s3://out/"]})
            for other in (
                {},
                {"database": {"existingSecret": "urls"}, "migrations": {"enabled": False}},
                {"database": {"logins": {"existingSecret": "a"}}, "migrations": {"enabled": False}},
            )
        ),
        ({"ingress": {"enabled": True}}, "ingress.host: the name that people reach the API by"),
        ({"httpRoute": {"enabled": True}}, "httpRoute.parentRefs: the Gateway that the route"),
        (
            {"tenants": [{"namespace": "a"}, {"namespace": "a"}], "storage": BUCKET},
            "tenants: the namespace a is there twice",
        ),
    ],
    ids=str,
)
def test_what_does_not_fit_together_is_told(helm: Helm, values: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        helm.render(values)
    assert words in str(refusal.value)


def test_an_entry_of_tenants_needs_only_its_namespace(helm: Helm) -> None:
    """Lists are not merged with the defaults: what is left out has to have one."""
    rendered = helm.render({"tenants": [{"namespace": "contracts"}], "storage": BUCKET})
    accounts = [
        each["metadata"]["name"]
        for each in of_kind(rendered, "ServiceAccount") + of_kind(rendered, "Secret")
        if each["metadata"]["namespace"] == "contracts"
    ]
    assert accounts == ["lexmill-worker", "lexmill-worker"]
