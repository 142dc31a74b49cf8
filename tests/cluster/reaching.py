"""Services of the cluster, from where the tests run."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.cluster.cluster import Cluster


def forwarded(
    cluster: Cluster, service: str, port: int, *, namespace: str
) -> AbstractContextManager[str]:
    """Its URL; to one pod, so not for what is about to be stopped."""
    words = ("port-forward", f"service/{service}", f":{port}")
    return _kubectl(cluster, "--namespace", namespace, *words)


def proxied(cluster: Cluster) -> AbstractContextManager[str]:
    """The API server's URL, without asking for credentials: quicker to ask than by kubectl."""
    return _kubectl(cluster, "proxy", "--port=0")


@contextmanager
def _kubectl(cluster: Cluster, *words: str) -> Iterator[str]:
    """The URL in the first line that it says."""
    command = ["kubectl", "--context", cluster.context, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            found = re.search(r"127\.0\.0\.1:\d+", line)
            assert found is not None, line
            yield f"http://{found[0]}"
        finally:
            process.terminate()
