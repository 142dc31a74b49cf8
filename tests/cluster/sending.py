"""Load for a listening LegalJob, from inside the cluster."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.cluster import RESTRICTED_CONTAINER, RESTRICTED_POD
from tests.cluster.release import Release

SCRIPT = Path(__file__).with_name("sender.py")
STOP_SECONDS = 180


@dataclass
class Sender:
    process: "subprocess.Popen[str]"
    accepted: int = 0
    others: dict[str, int] = field(default_factory=dict)
    """What came instead of 202, by status or error: all of it was sent again."""

    @property
    def is_sending(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        assert self.is_sending, "the sender has ended by itself"
        output, _ = self.process.communicate(timeout=STOP_SECONDS)
        told = json.loads(output.splitlines()[-1])
        self.accepted, self.others = told["accepted"], told["others"]


@contextmanager
def sending(release: Release, legaljob: str, *, per_second: float) -> Iterator[Sender]:
    """Stopped at the end of the block, if not in it."""
    name = f"sender-{legaljob}"
    release.cluster.apply(_pod(release, name), namespace=release.namespace)
    release.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s")
    url = f"{release.api_url}/ns/{release.namespace}/jobs/{legaljob}/events"
    process = subprocess.Popen(
        [
            *("kubectl", "--context", release.cluster.context, "--namespace", release.namespace),
            *("exec", "--stdin", name, "--"),
            *("python", "-c", SCRIPT.read_text(encoding="utf-8"), url, str(per_second)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    sender = Sender(process)
    try:
        yield sender
        if sender.is_sending:
            sender.stop()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        release.kubectl("delete", "pod", name, "--grace-period=0", "--force", "--wait=false")


def _pod(release: Release, name: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": RESTRICTED_POD,
            "containers": [
                {
                    "name": "sender",
                    "image": release.images.name("api"),
                    "command": ["sleep", "3600"],
                    "securityContext": RESTRICTED_CONTAINER,
                }
            ],
        },
    }
