"""From a LegalJob object to what the API is told of it."""

import uuid
from collections.abc import Mapping
from typing import Any

from lexmill.jobs.refusals import RefusedError as InvalidError
from lexmill.jobs.refusals import read_legaljob
from lexmill.jobs.schemas import API_VERSION, KIND, DeclaredJob, LegalJobSpec
from lexmill_operator.kubernetes import Key, KubernetesApi

SHARED_LABEL = "lexmill.io/legaljob-input"
"""The operator reads only ConfigMaps that carry it with the value ``true``."""

PAUSED_ANNOTATION = "lexmill.io/paused"


class RefusedError(Exception):
    """The LegalJob cannot be accepted as it is; ``reason`` and message go into its condition."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def parse_spec(body: Mapping[str, Any]) -> LegalJobSpec:
    """Raises RefusedError for what the CustomResourceDefinition could not refuse."""
    metadata = {field: body["metadata"][field] for field in ("name", "namespace")}
    manifest = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": body["spec"]}
    try:
        return read_legaljob(manifest).spec
    except InvalidError as error:
        raise RefusedError("InvalidSpec", str(error.refusals[0])) from None


def named_config_maps(spec: LegalJobSpec) -> tuple[str, ...]:
    """Whose texts belong to the desired state; in a stable order."""
    references = [source.config_map for source in spec.documents or ()]
    references.append(spec.playbook.config_map if spec.playbook else None)
    references.append(spec.redaction.config_map if spec.redaction else None)
    return tuple(sorted({each.name for each in references if each is not None}))


async def read_config_maps(
    api: KubernetesApi, namespace: str, names: tuple[str, ...]
) -> dict[str, dict[str, str]]:
    """Raises RefusedError where one is missing or is not meant for Lexmill."""
    texts = {}
    for name in names:
        config_map = await api.get_config_map(namespace, name)
        if config_map is None:
            raise RefusedError(
                "ConfigMapMissing", f"The ConfigMap {name} does not exist: create it."
            )
        if config_map["metadata"].get("labels", {}).get(SHARED_LABEL) != "true":
            raise RefusedError(
                "ConfigMapNotShared",
                f"The ConfigMap {name} is not meant for Lexmill: label it {SHARED_LABEL}=true.",
            )
        texts[name] = dict(config_map.get("data", {}))
    return texts


def declaration(
    key: Key,
    body: Mapping[str, Any],
    spec: LegalJobSpec,
    config_maps: dict[str, dict[str, str]],
) -> DeclaredJob:
    metadata = body["metadata"]
    return DeclaredJob(
        uid=uuid.UUID(metadata["uid"]),
        name=key.name,
        owner="kubernetes",
        generation=metadata["generation"],
        spec=spec,
        config_maps=config_maps,
    )
