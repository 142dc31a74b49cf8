"""The Deployments of all LegalJobs, listed and then watched.

Not by kopf: there are as many Deployments as LegalJobs, each changes several times whenever workers
come or go, and the operator wants a few numbers of each (docs/adr/0007).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec
import structlog

from lexmill_operator.deployments import MANAGED_BY, Deployment, SeenDeployment
from lexmill_operator.kubernetes import FIELD_MANAGER, KubernetesApi, KubernetesError

log = structlog.get_logger(__name__)

SELECTOR = f"{MANAGED_BY}={FIELD_MANAGER}"

_PAUSE_SECONDS = 1.0
_GONE_REMEMBERED = 1_000


class _ListMetadata(msgspec.Struct, rename="camel"):
    resource_version: str


class DeploymentList(msgspec.Struct):
    """One page."""

    metadata: _ListMetadata
    items: list[Deployment] | None = None


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Bookmark(msgspec.Struct):
    metadata: _ListMetadata


class SeenDeployments:
    """By namespace and name, from two sides: the watch, and the answers to what was applied."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], SeenDeployment] = {}
        self._gone: deque[str] = deque(maxlen=_GONE_REMEMBERED)

    def find(self, namespace: str, name: str) -> SeenDeployment | None:
        return self._seen.get((namespace, name))

    def everything(self) -> Iterable[SeenDeployment]:
        return self._seen.values()

    def keep(self, seen: SeenDeployment) -> None:
        """Unless the watch has seen it go already, before the answer to its making was read."""
        if seen.uid not in self._gone:
            self._seen[seen.namespace, seen.name] = seen

    def drop(self, seen: SeenDeployment) -> None:
        self._gone.append(seen.uid)
        known = self.find(seen.namespace, seen.name)
        if known is not None and known.uid == seen.uid:  # else the next one is there already
            del self._seen[seen.namespace, seen.name]


@dataclass
class DeploymentWatch:
    """Keeps ``seen`` up to date; ``on_change`` is called with each that came, changed or went."""

    api: KubernetesApi
    namespace: str | None
    """None: all of them."""
    seen: SeenDeployments
    on_change: Callable[[SeenDeployment], None]
    listed: asyncio.Event = field(default_factory=asyncio.Event)
    _version: str = ""
    """Where the watch goes on; empty: everything has to be listed."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._follow()
            except KubernetesError as error:
                if error.status == HTTPStatus.GONE:
                    self._version = ""
                log.warning("watch_interrupted", status=error.status, reason=error.reason)
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _list(self) -> None:
        found: dict[tuple[str, str], SeenDeployment] = {}
        async for content in self.api.list_deployments(self.namespace, SELECTOR):
            page = msgspec.json.decode(content, type=DeploymentList)
            for deployment in page.items or ():
                seen = deployment.seen()
                found[seen.namespace, seen.name] = seen
            version = page.metadata.resource_version
        gone = [
            seen
            for seen in self.seen.everything()
            if (seen.namespace, seen.name) not in found and self.namespace in {None, seen.namespace}
        ]
        changed = [seen for place, seen in found.items() if self.seen.find(*place) != seen]
        for seen in gone:
            self.seen.drop(seen)
        for seen in changed:
            self.seen.keep(seen)
        self._version = version
        if self.listed.is_set():
            for seen in (*gone, *changed):
                self.on_change(seen)
        self.listed.set()

    async def _follow(self) -> None:
        """One watch, until the server ends it or has forgotten where we were (410 Gone)."""
        async for line in self.api.watch_deployments(self.namespace, SELECTOR, self._version):
            event = msgspec.json.decode(line, type=_Event)
            if event.type == "ERROR":
                self._version = ""
                return
            bookmark = msgspec.json.decode(event.object, type=_Bookmark)
            self._version = bookmark.metadata.resource_version
            if event.type != "BOOKMARK":
                self._take(event)

    def _take(self, event: _Event) -> None:
        seen = msgspec.json.decode(event.object, type=Deployment).seen()
        known = self.seen.find(seen.namespace, seen.name)
        if event.type == "DELETED":
            self.seen.drop(seen)
        elif known is not None and (known == seen or _is_older(seen, known)):
            return
        else:
            self.seen.keep(seen)
        self.on_change(seen)


def _is_older(seen: SeenDeployment, known: SeenDeployment) -> bool:
    """Than the answer to what was applied last, which comes before the watch."""
    return seen.uid == known.uid and seen.generation < known.generation
