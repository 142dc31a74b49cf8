"""An S3 server in the cluster: versitygw over a folder that goes with its pod."""

import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.cluster import RESTRICTED_CONTAINER, RESTRICTED_POD, Cluster
from tests.cluster.images import Images, image_of
from tests.objectserver.versitygw import REGION

NAME = "s3"
PORT = 7070
BUCKETS = ("objects", "results")
PUBLIC_IMAGE = "docker.io/versity/versitygw:v1.8.0"
"""Where images are pulled anyway."""

_DOCKERFILE = """\
FROM scratch
COPY versitygw /versitygw
USER 10001:10001
ENTRYPOINT ["/versitygw"]
"""


@dataclass(frozen=True)
class ObjectStore:
    namespace: str
    access_key: str
    secret_key: str

    @property
    def values(self) -> dict[str, Any]:
        """Of the chart."""
        return {
            "storage": {
                "uri": f"s3://{BUCKETS[0]}/lexmill",
                "s3": {
                    "endpoint": f"http://{NAME}.{self.namespace}.svc:{PORT}",
                    "region": REGION,
                    "existingSecret": NAME,
                },
            },
            "networkPolicy": {"storagePort": PORT},
        }

    def secret(self) -> dict[str, Any]:
        """For the release's namespace and for each tenant's."""
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": NAME},
            "stringData": {
                "AWS_ACCESS_KEY_ID": self.access_key,
                "AWS_SECRET_ACCESS_KEY": self.secret_key,
            },
        }


def object_store_image(context: str, program: Path) -> str:
    """Built of the program, where images are built; else a public one."""
    with tempfile.TemporaryDirectory(prefix="lexmill-") as folder:
        shutil.copy(program, folder)
        (Path(folder) / "Dockerfile").write_text(_DOCKERFILE, encoding="utf-8")
        return image_of(context, "lexmill/test-objectstore:1", Path(folder)) or PUBLIC_IMAGE


def start_object_store(
    cluster: Cluster, images: Images, namespace: str, *, image: str
) -> ObjectStore:
    """Ready, with its buckets; it goes with the namespace."""
    store = ObjectStore(namespace, secrets.token_hex(8), secrets.token_hex(16))
    cluster.apply(store.secret(), _service(), _pod(images, image), namespace=namespace)
    cluster.kubectl(
        *("--namespace", namespace, "wait", "--for=condition=Ready", f"pod/{NAME}"),
        *("--timeout=100s",),
    )
    return store


def _service() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": NAME},
        "spec": {"selector": {"app": NAME}, "ports": [{"port": PORT}]},
    }


def _pod(images: Images, image: str) -> dict[str, Any]:
    data = [{"name": "data", "mountPath": "/data"}]
    keys = {"ROOT_ACCESS_KEY": "AWS_ACCESS_KEY_ID", "ROOT_SECRET_KEY": "AWS_SECRET_ACCESS_KEY"}
    folders = [f"/data/buckets/{bucket}" for bucket in BUCKETS]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": NAME, "labels": {"app": NAME}},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {**RESTRICTED_POD, "runAsUser": 10001, "fsGroup": 10001},
            "initContainers": [
                {
                    "name": "buckets",
                    "image": images.name("valkey"),
                    "command": ["mkdir", "-p", "/data/attributes", *folders],
                    "securityContext": RESTRICTED_CONTAINER,
                    "volumeMounts": data,
                }
            ],
            "containers": [
                {
                    "name": NAME,
                    "image": image,
                    "args": [
                        *("--port", f":{PORT}", "--region", REGION, "--quiet"),
                        *("posix", "--sidecar", "/data/attributes", "/data/buckets"),
                    ],
                    "env": [
                        {"name": name, "valueFrom": {"secretKeyRef": {"name": NAME, "key": key}}}
                        for name, key in keys.items()
                    ],
                    "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
                    "securityContext": RESTRICTED_CONTAINER,
                    "volumeMounts": data,
                }
            ],
            "volumes": [{"name": "data", "emptyDir": {}}],
        },
    }
