"""`python -m lexmill_operator uninstall`: before Lexmill itself is removed from a cluster.

LegalJobs own the Deployments of their workers, and stay while the CRD does; the Lease has no owner.
So somebody has to take them away, and stop the operator first, which would make them again.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable

import msgspec
import structlog

from lexmill.settings import OperatorSettings
from lexmill_operator.deployments import Deployment
from lexmill_operator.kubernetes import KubernetesApi
from lexmill_operator.watching import SELECTOR, DeploymentList

log = structlog.get_logger(__name__)

_PAUSE_SECONDS = 1.0


async def uninstall(settings: OperatorSettings, *, deployment: str, seconds: float) -> None:
    """Return when nothing is left, or after ``seconds``: then pods still end their visits.

    ``deployment`` is the operator's own, beside its Lease. Raises KubernetesError.
    """
    deadline = time.monotonic() + seconds
    home = settings.lease_namespace
    async with KubernetesApi() as api:
        own = await api.get_deployment(home, deployment)
        if own is not None:
            await api.delete_deployment(
                home, deployment, own["metadata"]["uid"], until_pods_are_gone=True
            )
            await _gone(api, [(home, deployment)], deadline)
        log.info("operator_gone", deployment=deployment)
        workers = []
        async for each in _workers(api, settings.namespaces):
            place = each.metadata.namespace, each.metadata.name
            workers.append(place)
            await api.delete_deployment(*place, each.metadata.uid, until_pods_are_gone=True)
        left = await _gone(api, workers, deadline)
        log.info("workers_deleted", deployments=len(workers), still_ending=left)
        await api.delete_lease(home, settings.lease_name)


async def _workers(api: KubernetesApi, namespaces: tuple[str, ...]) -> AsyncIterator[Deployment]:
    for namespace in namespaces or (None,):
        async for page in api.list_deployments(namespace, SELECTOR):
            for each in msgspec.json.decode(page, type=DeploymentList).items or ():
                yield each


async def _gone(api: KubernetesApi, deployments: Iterable[tuple[str, str]], deadline: float) -> int:
    """How many are still there at the deadline; a Deployment goes after the last of its pods."""
    left = list(deployments)
    while True:
        left = [each for each in left if await api.get_deployment(*each) is not None]
        if not left or time.monotonic() > deadline:
            return len(left)
        await asyncio.sleep(_PAUSE_SECONDS)
