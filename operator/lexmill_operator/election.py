"""Which replica acts: the holder of a Lease, as client-go elects its leaders.

kopf's own peering makes replicas of equal priority pause each other and knows no Lease.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog

from lexmill_operator.kubernetes import KubernetesApi, KubernetesError

log = structlog.get_logger(__name__)

_CERTAIN = 0.55
"""Of the Lease's time: so long after its renewal nobody else can have it."""


@dataclass
class Election:
    """``seconds`` is how long a silent holder is respected; it renews three times in that time."""

    api: KubernetesApi
    namespace: str
    name: str
    identity: str
    seconds: float
    beat: Callable[[], None] = lambda: None
    _seen: tuple[str, float] = ("", 0.0)
    _lease: dict[str, Any] = field(default_factory=dict)
    _renewed: float = float("-inf")

    @property
    def is_certain(self) -> bool:
        """This replica holds the Lease, and did so just now."""
        return time.monotonic() - self._renewed < self.seconds * _CERTAIN

    async def win(self) -> None:
        """Return once this replica holds the Lease."""
        while not await self._ask():  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(self.seconds / 5)

    async def hold(self) -> None:
        """Return when the Lease is lost, which is noticed before anybody else may take it."""
        while self.is_certain:
            await asyncio.sleep(self.seconds / 5)
            held = await self._ask()
            if not held and self._holder() not in {"", self.identity}:
                return

    async def release(self) -> None:
        """So that the other replica need not wait; without an answer it just waits."""
        if self._holder() != self.identity:
            return
        self._lease["spec"]["holderIdentity"] = ""
        try:
            await self.api.replace_lease(self.namespace, self.name, self._lease)
        except KubernetesError as error:
            log.warning("lease_not_released", status=error.status, reason=error.reason)

    async def _ask(self) -> bool:
        try:
            return await asyncio.wait_for(self._try(), self.seconds / 5)
        except TimeoutError:
            return False

    async def _try(self) -> bool:
        """Take or renew the Lease; False when another holds it or nobody answers."""
        self.beat()
        began = time.monotonic()
        try:
            lease = await self.api.get_lease(self.namespace, self.name)
            if lease is None:
                lease = {"metadata": {"name": self.name, "namespace": self.namespace}}
                self._lease = await self.api.create_lease(self.namespace, self._claim(lease))
            else:
                self._lease = lease
                if not self._is_free(lease):
                    return False
                self._lease = await self.api.replace_lease(
                    self.namespace, self.name, self._claim(lease)
                )
        except KubernetesError as error:
            log.warning("lease_not_renewed", status=error.status, reason=error.reason)
            return False
        self._renewed = began
        return True

    def _is_free(self, lease: dict[str, Any]) -> bool:
        """By this replica's own clock: only a Lease that stays the same for its time is free."""
        spec = lease.get("spec", {})
        if spec.get("holderIdentity") in {None, "", self.identity}:
            return True
        version = lease["metadata"]["resourceVersion"]
        if version != self._seen[0]:
            self._seen = (version, time.monotonic())
        return time.monotonic() - self._seen[1] > float(
            spec.get("leaseDurationSeconds", self.seconds)
        )

    def _claim(self, lease: dict[str, Any]) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        known = lease.get("spec", {})
        mine = known.get("holderIdentity") == self.identity
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": lease["metadata"],
            "spec": {
                "holderIdentity": self.identity,
                "leaseDurationSeconds": max(1, round(self.seconds)),
                "acquireTime": known.get("acquireTime", now) if mine else now,
                "renewTime": now,
                "leaseTransitions": known.get("leaseTransitions", 0) + (not mine),
            },
        }

    def _holder(self) -> str:
        return str(self._lease.get("spec", {}).get("holderIdentity") or "")
