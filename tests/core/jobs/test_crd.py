"""What the committed CustomResourceDefinition promises, looked at without an API server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lexmill.jobs.crd import legaljob_crd
from lexmill.jobs.schemas import LegalJob
from tests.core.jobs.constraints import paths, schema_paths
from tests.core.jobs.legaljobs import CASES, COMPLETE

COMMITTED = Path(__file__).parents[3] / "manifests" / "crds" / "legaljobs.yaml"
VERSION = legaljob_crd()["spec"]["versions"][0]
ROOT = VERSION["schema"]["openAPIV3Schema"]
SPEC = ROOT["properties"]["spec"]


def schemas(schema: Any = ROOT, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, part in schema.get("properties", {}).items():
        yield from schemas(part, f"{path}.{name}")
    for step, key in (("[]", "items"), (".*", "additionalProperties")):
        if key in schema:
            yield from schemas(schema[key], path + step)


SCHEMAS = dict(schemas())


def test_the_committed_file_is_what_the_models_say() -> None:
    assert yaml.safe_load(COMMITTED.read_text(encoding="utf-8")) == legaljob_crd(), (
        "run: lexmill crd > manifests/crds/legaljobs.yaml"
    )


def test_every_field_is_described() -> None:
    fields = {path: schema for path, schema in SCHEMAS.items() if path[-1:] not in {"]", "*"}}
    # The API server refuses a description of metadata: it has its own.
    bare = [path for path, schema in fields.items() if not schema.get("description")]
    assert bare == [".metadata"]
    assert all(
        schema["description"][-1] in ".;" for path, schema in fields.items() if path not in bare
    )


def test_everything_has_bounds() -> None:
    limits = {
        "string": ("maxLength", "enum", "format"),
        "array": ("maxItems",),
        "integer": ("maximum",),
    }
    for path, schema in SCHEMAS.items():
        wanted = limits.get(schema.get("type", "string"), ())
        if "additionalProperties" in schema:
            wanted = ("maxProperties",)
        assert not wanted or any(limit in schema for limit in wanted), path
        assert schema.get("format") in {None, "int32", "int64", "date-time"}, path


def test_the_schema_is_structural() -> None:
    """The rest of the definition of that is left to the API server."""
    for path, schema in SCHEMAS.items():
        assert "type" in schema or schema.get("x-kubernetes-int-or-string"), path
        assert not {"$ref", "oneOf", "allOf", "title", "const", "nullable"} & set(schema), path
        assert not {"properties", "additionalProperties"} <= set(schema), path
        assert set(schema.get("required", ())) <= set(schema.get("properties", ())), path


def test_every_rule_has_a_sentence_and_a_case() -> None:
    rules = [
        rule for schema in SCHEMAS.values() for rule in schema.get("x-kubernetes-validations", ())
    ]
    transitions = [rule["message"] for rule in rules if "oldSelf" in rule["rule"]]
    assert [message.split()[0] for message in transitions] == ["documents", "trigger"]
    for rule in rules:
        assert rule["message"] in transitions or any(
            rule["message"].startswith(case.sentence) for case in CASES.values()
        ), rule["message"]


def test_the_examples_have_every_field_of_spec() -> None:
    assert set.union(*(paths(SPEC, dict(spec)) for spec in COMPLETE.values())) == schema_paths(SPEC)


def test_defaults_are_those_of_the_models() -> None:
    spec = LegalJob.model_validate(
        {
            "apiVersion": "lexmill.io/v1alpha1",
            "kind": "LegalJob",
            "metadata": {"name": "a"},
            "spec": {"trigger": {}},
        }
    ).spec
    filled = {
        name: part["default"] for name, part in SPEC["properties"].items() if "default" in part
    }
    assert filled == {
        "priority": spec.priority,
        "workers": {
            name: value
            for name, value in spec.workers.model_dump().items()
            if name not in {"resources", "template"}
        },
        "retry": spec.retry.model_dump(),
        "suspend": False,
    }


@pytest.mark.parametrize("path", [".spec.matter", ".spec.suspend", ".spec.workers.replicas"])
def test_what_kubernetes_reads_is_there(path: str) -> None:
    """Selectable fields and the scale subresource."""
    assert path in SCHEMAS


def test_columns_lead_to_fields() -> None:
    for column in VERSION["additionalPrinterColumns"]:
        path = column["jsonPath"]
        assert path in SCHEMAS or path == ".metadata.creationTimestamp", path
