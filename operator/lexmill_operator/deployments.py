"""The Deployment of a pool: pure builders, and what is read back from one."""

import hashlib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import msgspec

from lexmill.jobs.schemas import API_VERSION, KIND, MAIN_POOL, LegalJobSpec, Workers
from lexmill_operator.kubernetes import FIELD_MANAGER, Key

MANAGED_BY = "app.kubernetes.io/managed-by"
JOB_LABEL = "lexmill.io/legaljob"
UID_LABEL = "lexmill.io/legaljob-uid"
POOL_LABEL = "lexmill.io/pool"
HASH_ANNOTATION = "lexmill.io/applied-hash"
CONTAINER = "worker"

_PASSWORDS = "passwords"
_PASSWORDS_FOLDER = "/var/run/lexmill/passwords"
_REDACTION_KEY = "redaction-key"
_REDACTION_KEY_FOLDER = "/var/run/lexmill/redaction-key"
_GRACE_SECONDS = 630
_HAND_BACK_SECONDS = 15
"""Of a pod's grace period, to give back what did not end in the rest."""


@dataclass(frozen=True, slots=True)
class WorkerTemplate:
    """From the chart: one container named ``worker``, image and security settings included."""

    body: Mapping[str, Any]
    ocr_image: str | None = None

    @property
    def grace_seconds(self) -> int:
        """How long a pod may take to end: longer than the longest visit where nothing is said."""
        return int(self.body["spec"].get("terminationGracePeriodSeconds", _GRACE_SECONDS))


@dataclass(frozen=True, slots=True)
class SeenDeployment:
    """What the operator remembers of a Deployment that carries its label."""

    namespace: str
    name: str
    legaljob: str
    """The name of the LegalJob that its label tells."""
    uid: str
    owner_uid: str
    generation: int
    applied_hash: str
    replicas: int
    ready: int
    trouble: tuple[str, str] | None
    """Reason and message of a condition that says why pods are missing."""


def pool_name(pool: str, key: Key) -> str:
    """The Deployment's name; a LegalJob's own name is kept short enough for it."""
    return f"{key.name}-{pool}"


def selector_labels(uid: str, pool: str) -> dict[str, str]:
    return {UID_LABEL: uid, POOL_LABEL: pool}


def selector_text(uid: str, pool: str) -> str:
    return ",".join(f"{name}={value}" for name, value in selector_labels(uid, pool).items())


def build_deployment(
    key: Key,
    uid: str,
    spec: LegalJobSpec,
    *,
    pool: str,
    workers: Workers,
    replicas: int,
    template: WorkerTemplate,
) -> dict[str, Any]:
    """For server-side apply; its annotation tells later whether what is wanted has changed."""
    labels = {
        "app.kubernetes.io/name": "lexmill-worker",
        MANAGED_BY: FIELD_MANAGER,
        JOB_LABEL: key.name,
        **selector_labels(uid, pool),
    }
    body: dict[str, Any] = {
        "replicas": replicas,
        "selector": {"matchLabels": selector_labels(uid, pool)},
        "template": _pod(
            workers,
            labels=labels,
            environment=_environment(key, uid, pool, workers, template),
            image=template.ocr_image if _does_ocr(spec, pool) else None,
            template=template,
        ),
    }
    if spec.passwords is not None:
        _mount_passwords(body["template"]["spec"], spec.passwords.secret.name)
    if spec.redaction is not None and spec.redaction.key_secret is not None:
        _mount_redaction_key(body["template"]["spec"], spec.redaction.key_secret.name)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": pool_name(pool, key),
            "namespace": key.namespace,
            "labels": labels,
            "annotations": {HASH_ANNOTATION: _hash(body)},
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": KIND,
                    "name": key.name,
                    "uid": uid,
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": body,
    }


class _Owner(msgspec.Struct):
    uid: str
    controller: bool = False


class _Metadata(msgspec.Struct, rename="camel"):
    name: str
    namespace: str
    uid: str
    resource_version: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: list[_Owner] = []


class _Spec(msgspec.Struct):
    replicas: int = 1


class _Condition(msgspec.Struct):
    type: str
    status: str
    reason: str = ""
    message: str = ""


class _Status(msgspec.Struct, rename="camel"):
    ready_replicas: int = 0
    conditions: list[_Condition] = []


class Deployment(msgspec.Struct):
    """The few fields of a Deployment that the operator reads; decoding only these is cheap."""

    metadata: _Metadata
    spec: _Spec
    status: _Status = msgspec.field(default_factory=_Status)

    def seen(self) -> SeenDeployment:
        metadata, status = self.metadata, self.status
        owners = (owner.uid for owner in metadata.owner_references if owner.controller)
        # Without the label it is not watched: it has to be applied again.
        is_watched = metadata.labels.get(MANAGED_BY) == FIELD_MANAGER
        return SeenDeployment(
            namespace=metadata.namespace,
            name=metadata.name,
            legaljob=metadata.labels.get(JOB_LABEL, ""),
            uid=metadata.uid,
            owner_uid=next(owners, ""),
            generation=metadata.generation,
            applied_hash=metadata.annotations.get(HASH_ANNOTATION, "") if is_watched else "",
            replicas=self.spec.replicas,
            ready=status.ready_replicas,
            trouble=_trouble(status.conditions),
        )


def read_deployment(body: Mapping[str, Any]) -> SeenDeployment:
    return msgspec.convert(body, Deployment).seen()


def _trouble(conditions: Sequence[_Condition]) -> tuple[str, str] | None:
    by_type = {condition.type: condition for condition in conditions}
    failure = by_type.get("ReplicaFailure")
    if failure is not None and failure.status == "True":
        return failure.reason or "ReplicaFailure", failure.message
    progress = by_type.get("Progressing")
    if progress is not None and progress.status == "False":
        return progress.reason or "NotProgressing", progress.message
    return None


def _pod(
    workers: Workers,
    *,
    labels: Mapping[str, str],
    environment: Mapping[str, Mapping[str, Any]],
    image: str | None,
    template: WorkerTemplate,
) -> dict[str, Any]:
    pod = deepcopy(dict(template.body))
    wanted = workers.template.model_dump(mode="json", exclude_defaults=True)
    metadata = pod.setdefault("metadata", {})
    metadata["labels"] = {
        **metadata.get("labels", {}),
        **wanted.pop("labels", {}),
        **labels,
    }
    metadata["annotations"] = {
        **metadata.get("annotations", {}),
        **wanted.pop("annotations", {}),
    }
    body = pod["spec"]
    body["terminationGracePeriodSeconds"] = template.grace_seconds
    if "affinity" in wanted:  # who asks for nodes stays where the installation's volume is
        wanted["affinity"] = {**body.get("affinity", {}), **wanted["affinity"]}
    body.update(wanted)  # what is left is how the pods are scheduled
    container = next(each for each in body["containers"] if each["name"] == CONTAINER)
    resources = workers.resources.model_dump(mode="json", exclude_defaults=True)
    if resources:
        container["resources"] = resources
    if image is not None:
        container["image"] = image
    kept = [each for each in container.get("env", ()) if each["name"] not in environment]
    container["env"] = [*kept, *({"name": name, **value} for name, value in environment.items())]
    return pod


def _mount_passwords(pod: dict[str, Any], secret: str) -> None:
    source = {"secretName": secret, "defaultMode": 0o440}
    _mount(pod, _PASSWORDS, source, _PASSWORDS_FOLDER, "LEXMILL_WORKER__PASSWORDS_FOLDER")


def _mount_redaction_key(pod: dict[str, Any], secret: str) -> None:
    source = {"secretName": secret, "defaultMode": 0o440}
    _mount(pod, _REDACTION_KEY, source, _REDACTION_KEY_FOLDER, "LEXMILL_WORKER__REDACTION_KEY")


def _mount(
    pod: dict[str, Any], name: str, secret: Mapping[str, Any], folder: str, variable: str
) -> None:
    """Read by the workers only; without that Secret their pods do not start, and say so."""
    pod["volumes"] = [*pod.get("volumes", ()), {"name": name, "secret": dict(secret)}]
    container = next(each for each in pod["containers"] if each["name"] == CONTAINER)
    container["volumeMounts"] = [
        *container.get("volumeMounts", ()),
        {"name": name, "mountPath": folder, "readOnly": True},
    ]
    container["env"].append({"name": variable, "value": folder})


def _environment(
    key: Key, uid: str, pool: str, workers: Workers, template: WorkerTemplate
) -> dict[str, dict[str, Any]]:
    grace = max(0, template.grace_seconds - _HAND_BACK_SECONDS)
    return {
        "LEXMILL_WORKER__NAMESPACE": {"value": key.namespace},
        "LEXMILL_WORKER__JOB": {"value": uid},
        "LEXMILL_WORKER__POOL": {"value": pool},
        "LEXMILL_WORKER__THREADS": {"value": str(workers.threads)},
        "LEXMILL_WORKER__GRACE_SECONDS": {"value": str(grace)},
        "LEXMILL_WORKER__NAME": {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    }


def _does_ocr(spec: LegalJobSpec, pool: str) -> bool:
    if "ocr" in spec.skip:
        return False
    takers = [each.name for each in spec.pools if "ocr" in each.stages]
    return pool == (takers[0] if takers else MAIN_POOL)


def _hash(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(body, order="sorted")).hexdigest()[:32]
