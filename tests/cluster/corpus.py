"""Many small contracts in ConfigMaps: documents that need no store and no sender."""

from collections.abc import Sequence
from typing import Any

from tests.cluster.images import ROOT

SAMPLE = ROOT / "samples" / "contracts" / "office-lease.txt"
MOST_BYTES = 900_000
"""A ConfigMap has at most 1 MiB."""


def config_maps(name: str, count: int, *, times: int = 1) -> list[dict[str, Any]]:
    """``count`` contracts that differ, so that none is another's cached result.

    Each has the sample's text so many ``times``.
    """
    text = SAMPLE.read_text(encoding="utf-8") * times
    each = MOST_BYTES // (len(text.encode()) + 200)
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": f"{name}-{first // each}",
                "labels": {"lexmill.io/legaljob-input": "true"},
            },
            "data": {
                f"lease-{number:04}.txt": f"Contract number {number} of {name}\n\n{text}"
                for number in range(first, min(first + each, count))
            },
        }
        for first in range(0, count, each)
    ]


def legaljob(name: str, config_maps: Sequence[dict[str, Any]] = (), **spec: Any) -> dict[str, Any]:
    """Of the documents in these; where there are none, it listens to everything."""
    documents = [{"configMap": {"name": each["metadata"]["name"]}} for each in config_maps]
    return {
        "apiVersion": "lexmill.io/v1alpha1",
        "kind": "LegalJob",
        "metadata": {"name": name},
        "spec": {**({"documents": documents} if documents else {"trigger": {}}), **spec},
    }
