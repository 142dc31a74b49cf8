"""LegalJobs as tests make and change them, without kubectl's start for each."""

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from tests.operator.installation import LEGALJOBS, Installation
from tests.processes import until

NAME = "intake"
TEXTS = {
    "nda.txt": "NON-DISCLOSURE AGREEMENT\n\nThis Agreement is made on 1 March 2024.\n",
    "lease.txt": "LEASE\n\nThe term of this Lease is five years. Delaware law governs it.\n",
}
SOURCE = {"documents": [{"configMap": {"name": "texts"}}]}
"""What `share` makes is two documents."""
MERGE = "application/merge-patch+json"


def create(installation: Installation, namespace: str, name: str = NAME, **spec: Any) -> str:
    """Gives its uid. Without ``documents`` and ``trigger`` its documents are those of `share`."""
    if not spec.keys() & {"documents", "trigger"}:
        spec |= SOURCE
    made = installation.http.post(
        f"{LEGALJOBS}/namespaces/{namespace}/legaljobs",
        json={
            "apiVersion": "lexmill.io/v1alpha1",
            "kind": "LegalJob",
            "metadata": {"name": name},
            "spec": spec,
        },
    )
    assert made.is_success, made.text
    uid: str = made.json()["metadata"]["uid"]
    return uid


def change(
    installation: Installation,
    namespace: str,
    name: str = NAME,
    *,
    annotations: Mapping[str, str | None] | None = None,
    subresource: str = "",
    **fields: Any,
) -> httpx.Response:
    """A merge patch: ``spec``, ``status`` or annotations."""
    body = {**fields, **({"metadata": {"annotations": annotations}} if annotations else {})}
    path = f"{LEGALJOBS}/namespaces/{namespace}/legaljobs/{name}{subresource}"
    return patch(installation, path, body)


def patch(installation: Installation, path: str, body: Mapping[str, Any]) -> httpx.Response:
    answer = installation.http.patch(
        path, content=msgspec.json.encode(body), headers={"content-type": MERGE}
    )
    assert answer.is_success, answer.text
    return answer


def share(
    installation: Installation,
    namespace: str,
    name: str = "texts",
    data: Mapping[str, str] = TEXTS,
    *,
    labels: Mapping[str, str] | None = None,
) -> None:
    """A ConfigMap that the operator may read."""
    metadata = {"name": name, "labels": labels or {"lexmill.io/legaljob-input": "true"}}
    made = installation.http.post(
        f"/api/v1/namespaces/{namespace}/configmaps", json={"metadata": metadata, "data": data}
    )
    assert made.is_success, made.text


def condition(
    installation: Installation, namespace: str, kind: str, name: str = NAME
) -> dict[str, Any]:
    """Empty while there is no such condition."""
    conditions = installation.status(namespace, name).get("conditions", ())
    return next((each for each in conditions if each["type"] == kind), {})


def await_condition(
    installation: Installation,
    namespace: str,
    kind: str,
    status: str,
    reason: str | None = None,
    *,
    name: str = NAME,
) -> dict[str, Any]:
    """Until it says so; about the LegalJob as it is now."""

    def holds() -> dict[str, Any] | None:
        job = installation.legaljob(namespace, name) or {}
        told = job.get("status", {}).get("conditions", ())
        found: dict[str, Any] = next((each for each in told if each["type"] == kind), {})
        is_met = (
            found.get("status") == status
            and reason in {None, found["reason"]}
            and found["observedGeneration"] == job["metadata"]["generation"]
        )
        return found if is_met else None

    return until(holds)


def await_accepted(installation: Installation, namespace: str, name: str = NAME) -> None:
    await_condition(installation, namespace, "Accepted", "True", name=name)


def declarations(installation: Installation, namespace: str) -> int:
    """How many the API has taken from this namespace."""
    query = "SELECT count(*) FROM event WHERE namespace = %s AND type = %s"
    rows = installation.rows(query, namespace, "io.lexmill.job.declared.v1")
    return int(rows[0][0])


def documents(installation: Installation, namespace: str) -> int:
    query = "SELECT count(*) FROM document WHERE namespace = %s"
    return int(installation.rows(query, namespace)[0][0])
