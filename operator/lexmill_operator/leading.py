"""The operator's work while it holds the Lease: watches, the demand feed, the queue."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import kopf

from lexmill.client.api import ApiClient
from lexmill.settings import OperatorSettings
from lexmill_operator.controller import Controller
from lexmill_operator.deployments import WorkerTemplate
from lexmill_operator.due import AgainError
from lexmill_operator.handlers import build_registry, build_settings
from lexmill_operator.health import Heart
from lexmill_operator.kubernetes import Key, KubernetesApi
from lexmill_operator.reconcile import reconcile
from lexmill_operator.watching import DeploymentWatch

_LONGEST_VISIT_SECONDS = 300.0
"""Its few calls may each run into their time limit; then the queue waits for a free worker."""
_PATIENCE_SECONDS = 5.0
"""The API may be started together with the operator."""


async def lead(
    settings: OperatorSettings,
    api: KubernetesApi,
    client: ApiClient,
    template: WorkerTemplate,
    *,
    heart: Heart,
    may_act: Callable[[], bool],
    catch_signals: Callable[[], None],
) -> None:
    """Until cancelled. Memory begins empty: whatever matters is in the cluster or in the API.

    ``may_act`` is asked before each reconcile: a process that was stopped for a while wakes up with
    work in hand and a Lease that is another's.
    """
    heart.limits["resync"] = settings.resync_seconds + 60
    heart.limits["queue"] = _LONGEST_VISIT_SECONDS
    controller = Controller(settings, api, client, template, beat=heart.beat)
    stopped = asyncio.Event()

    async def work(key: Key) -> float | None:
        if not may_act():
            raise AgainError("lease_uncertain")
        return await reconcile(controller, key)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(controller.feed.run(), name="feed")
            watches = [
                DeploymentWatch(api, namespace, controller.deployments, controller.on_deployment)
                for namespace in settings.namespaces or (None,)
            ]
            for watch in watches:
                group.create_task(watch.run(), name="deployments")
            group.create_task(_watch(controller, stopped, catch_signals), name="legaljobs")
            for watch in watches:  # else each Deployment would have to be asked for
                await watch.listed.wait()
            # What the API knows has to be known first; where it is away, LegalJobs are told so.
            with suppress(TimeoutError):
                await asyncio.wait_for(controller.feed.wait_until_read(), _PATIENCE_SECONDS)
            group.create_task(controller.resync(), name="resync")
            group.create_task(controller.queue.run(work), name="queue")
    finally:
        for part in ("feed", "queue", "resync"):
            heart.stop(part)


async def _watch(
    controller: Controller, stopped: asyncio.Event, catch_signals: Callable[[], None]
) -> None:
    others = asyncio.all_tasks()
    try:
        tasks = await kopf.spawn_tasks(
            registry=build_registry(),
            settings=build_settings(),
            standalone=True,
            clusterwide=not controller.settings.namespaces,
            namespaces=controller.settings.namespaces,
            memo=kopf.Memo(controller=controller),
            stop_flag=stopped,
        )
        catch_signals()  # kopf has taken them
        await kopf.run_tasks(tasks, ignored=others)
    except asyncio.CancelledError:
        stopped.set()
        raise
    raise RuntimeError("kopf has ended by itself")
