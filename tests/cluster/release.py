"""Lexmill as Helm installs it, with what tests want to know of it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.cluster import Cluster, CommandError, Object
from tests.cluster.images import ROOT, Images
from tests.cluster.reaching import forwarded

CHART = ROOT / "charts" / "lexmill"
VALUES = Path(__file__).with_name("values.yaml")
INSTALL_SECONDS = 300
LEGALJOB = "legaljobs.lexmill.io"


@dataclass(frozen=True)
class Release:
    """The release `name` in `namespace`, which is its only tenant unless values say otherwise."""

    cluster: Cluster
    images: Images
    namespace: str
    name: str = "lexmill"
    values: Mapping[str, Any] = field(default_factory=dict)

    # -- Helm ----------------------------------------------------------------------------------

    def helm(self, *words: str, values: Mapping[str, Any] | None = None) -> str:
        """With values.yaml beside this, and those given over it, where a chart is named."""
        given = {"images": self.images.values, **self.values, **(values or {})}
        files = ("--values", str(VALUES), "--values", "-") if str(CHART) in words else ()
        return self.cluster.helm(
            *("--namespace", self.namespace, *words, *files),
            stdin=yaml.safe_dump(given) if files else None,
            seconds=INSTALL_SECONDS + 60,
        )

    def install(self, *options: str, **values: Any) -> None:
        self.helm("install", self.name, str(CHART), *options, *self._waiting, values=values)

    def upgrade(self, **values: Any) -> None:
        self.helm("upgrade", self.name, str(CHART), *self._waiting, values=values)

    def rollback(self) -> None:
        self.helm("rollback", self.name, *self._waiting)

    def uninstall(self) -> None:
        self.helm("uninstall", self.name, "--ignore-not-found", *self._waiting)

    @property
    def _waiting(self) -> tuple[str, ...]:
        return ("--wait", "--timeout", f"{INSTALL_SECONDS}s")

    # -- what is there ---------------------------------------------------------------------------

    def kubectl(self, *words: str, stdin: str | None = None, seconds: float = 120) -> str:
        """In the release's namespace."""
        return self.cluster.kubectl(
            "--namespace", self.namespace, *words, stdin=stdin, seconds=seconds
        )

    def pods(self, component: str) -> list[Object]:
        """Those of the chart: api, operator, postgresql, valkey; or all of `worker`."""
        return self.cluster.list(
            "pods",
            namespace=self.namespace,
            selector=f"app.kubernetes.io/component={component}"
            f",app.kubernetes.io/instance={self.name}",
        )

    def workers(self, legaljob: str, *, pool: str = "main") -> list[Object]:
        labels = f"lexmill.io/legaljob={legaljob},lexmill.io/pool={pool}"
        return self.cluster.list("pods", namespace=self.namespace, selector=labels)

    def leader(self) -> str:
        """The operator's pod that acts now; empty while none does."""
        name = f"{self.name}-operator"
        lease = self.cluster.find("lease", name, namespace=self.namespace) or {}
        return str(lease.get("spec", {}).get("holderIdentity") or "")

    def workload(self, component: str) -> str:
        """What makes a component's pods, as kubectl names it."""
        kind = "statefulset" if component in {"postgresql", "valkey"} else "deployment"
        return f"{kind}/{self.name}-{component}"

    def await_rollout(self, component: str) -> None:
        self.kubectl("rollout", "status", self.workload(component), "--timeout=180s", seconds=190)

    @property
    def api_url(self) -> str:
        """As pods reach it."""
        return f"http://{self.name}-api.{self.namespace}.svc"

    def forwarded(self) -> AbstractContextManager[str]:
        """The API's address on this machine, as NOTES.txt says how."""
        return forwarded(self.cluster, f"{self.name}-api", 80, namespace=self.namespace)

    def token_of(self, account: str) -> str:
        return self.kubectl("create", "token", account, "--audience", "lexmill").strip()

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What the database answers to its owner; the in-chart PostgreSQL only."""
        wrapped = f"SELECT coalesce(json_agg(found), '[]') FROM ({query}) AS found"
        script = (
            'PGPASSWORD=$(cat /run/secrets/postgresql/password) exec psql --host 127.0.0.1 "$@"'
        )
        text = self.kubectl(
            *("exec", f"statefulset/{self.name}-postgresql", "--", "sh", "-c", script, "psql"),
            *("--username", "lexmill", "--dbname", "lexmill", "--tuples-only", "--no-align"),
            *("--command", wrapped),
        )
        found: list[dict[str, Any]] = json.loads(text)
        return found

    # -- LegalJobs -------------------------------------------------------------------------------

    def legaljob(self, name: str) -> Object:
        found = self.cluster.find(LEGALJOB, name, namespace=self.namespace)
        return found or {}

    def documents(self, name: str) -> dict[str, int]:
        """The counters of a LegalJob's status; empty while it has none."""
        found: dict[str, int] = self.legaljob(name).get("status", {}).get("documents", {})
        return found

    def is_true(self, name: str, condition: str) -> bool:
        conditions = self.legaljob(name).get("status", {}).get("conditions", ())
        return any(each["type"] == condition and each["status"] == "True" for each in conditions)

    def replicas(self, name: str, *, pool: str = "main") -> int:
        """Of a pool's Deployment as the operator wants it; 0 where there is none."""
        found = self.cluster.find("deployment", f"{name}-{pool}", namespace=self.namespace)
        return int(found["spec"]["replicas"]) if found else 0

    def state_counts(self, name: str) -> dict[str, int]:
        """Documents of a living job by state, as the database has them."""
        found = self.rows(
            "SELECT document.state, count(*) FROM document JOIN job ON job.uid = job_uid"
            f" WHERE job.name = '{name}' AND job.deleted_at IS NULL GROUP BY 1"
        )
        return {each["state"]: each["count"] for each in found}

    def diagnosis(self) -> str:
        """What a person would look at first."""
        parts = []
        for words in (
            ("get", "pods", "--output=wide"),
            ("get", "legaljobs.lexmill.io", "--ignore-not-found"),
            ("get", "events", "--sort-by=.lastTimestamp"),
        ):
            try:
                parts.append("\n".join(self.kubectl(*words).splitlines()[-25:]))
            except CommandError as error:
                parts.append(str(error))
        return "\n\n".join(parts)


@contextmanager
def installed(
    cluster: Cluster, images: Images, *, values: Mapping[str, Any] | None = None
) -> Iterator[Release]:
    """In a namespace of its own, which is gone afterwards."""
    with (
        cluster.new_namespace("lexmill") as namespace,
        installed_in(Release(cluster, images, namespace, values=values or {})) as release,
    ):
        yield release


@contextmanager
def installed_in(release: Release) -> Iterator[Release]:
    """For the time of the block."""
    try:
        try:
            release.install()
        except CommandError as error:
            error.add_note(release.diagnosis())
            raise
        yield release
    finally:
        # Before their operator: what it made goes with them.
        release.kubectl("delete", LEGALJOB, "--all", "--ignore-not-found")
        release.uninstall()
