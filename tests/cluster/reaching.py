"""Services of the cluster, from where the tests run."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.cluster import Cluster


@contextmanager
def forwarded(cluster: Cluster, service: str, port: int, *, namespace: str) -> Iterator[str]:
    """Its URL; to one pod, so not for what is about to be stopped."""
    words = ("port-forward", f"service/{service}", f":{port}")
    with _kubectl(cluster, "--namespace", namespace, *words) as line:
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert found is not None, line
        yield f"http://127.0.0.1:{found[1]}"


@contextmanager
def proxied(cluster: Cluster) -> Iterator[str]:
    """The API server's URL, without asking for credentials: quicker to ask than by kubectl."""
    with _kubectl(cluster, "proxy", "--port=0") as line:
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert found is not None, line
        yield f"http://127.0.0.1:{found[1]}"


@contextmanager
def _kubectl(cluster: Cluster, *words: str) -> Iterator[str]:
    """The first line that it says."""
    command = ["kubectl", "--context", cluster.context, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline()
        finally:
            process.terminate()
