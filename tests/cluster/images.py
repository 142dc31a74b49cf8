"""How the images come into the cluster.

LEXMILL_CLUSTER_REGISTRY and LEXMILL_CLUSTER_TAG name images that are there already. Else they are
built: by LEXMILL_IMAGE_COMMAND (images/build says how it is called), which also brings them to the
nodes; without it by Docker, and `kind load` brings them.
"""

import os
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cluster import NoClusterError

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("postgres", "valkey", "migrate", "api", "operator", "worker", "worker-ocr")


@dataclass(frozen=True)
class Images:
    registry: str
    tag: str

    def name(self, image: str) -> str:
        return f"{self.registry}{'/' if self.registry else ''}lexmill/{image}:{self.tag}"

    @property
    def values(self) -> dict[str, str]:
        """Of the chart."""
        return {"registry": self.registry, "tag": self.tag}


def images_in(context: str) -> Images:
    """Raises NoClusterError where there is no way to bring them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = project["version"]
    registry = os.environ.get("LEXMILL_CLUSTER_REGISTRY", "")
    tag = os.environ.get("LEXMILL_CLUSTER_TAG", "")
    if registry or tag:
        return Images(registry, tag or version)
    images = Images("", version)
    if os.environ.get("LEXMILL_IMAGE_COMMAND"):
        _say([str(ROOT / "images" / "build")])
    elif context.startswith("kind-"):
        _say([str(ROOT / "images" / "build")])
        names = [images.name(each) for each in NAMES]
        _say(["kind", "load", "docker-image", *names, "--name", context.removeprefix("kind-")])
    else:
        raise NoClusterError(
            "set LEXMILL_IMAGE_COMMAND to what builds an image and brings it into this cluster, or"
            " LEXMILL_CLUSTER_REGISTRY and LEXMILL_CLUSTER_TAG to images that it can pull"
        )
    return images


def image_of(context: str, name: str, folder: Path) -> str | None:
    """One more image, of a folder with a Dockerfile; None where images are pulled."""
    if os.environ.get("LEXMILL_CLUSTER_REGISTRY") or os.environ.get("LEXMILL_CLUSTER_TAG"):
        return None
    file = str(folder / "Dockerfile")
    if command := os.environ.get("LEXMILL_IMAGE_COMMAND"):
        _say([*shlex.split(command), name, str(folder), "--file", file])
    else:
        _say(["docker", "build", "--tag", name, "--file", file, str(folder)])
        cluster = context.removeprefix("kind-")
        _say(["kind", "load", "docker-image", name, "--name", cluster])
    return name


def _say(words: list[str]) -> None:
    """Its output is seen where pytest shows output: a build takes minutes."""
    if subprocess.run(words, stdout=sys.stderr, check=False).returncode != 0:
        raise NoClusterError(f"{words[0]} failed")
