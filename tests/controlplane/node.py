"""A stand-in for the kubelet: one Node whose pods are processes of this machine, or nothing.

The real scheduler binds pods to it, the real ReplicaSet controller chooses which of them go.
"""

import asyncio
import os
import secrets
import shutil
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec

from lexmill_cli.local import launch
from tests.controlplane.control_plane import ControlPlane

Pod = dict[str, Any]  # as the API has it
Command = tuple[list[str], dict[str, str]]  # arguments, whole environment
Start = Callable[[Pod], Command]
Process = asyncio.subprocess.Process

RETRY_SECONDS = 0.1
BACK_OFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)  # a kubelet's: 10 s to 5 minutes
CAPACITY = {"cpu": "100k", "memory": "100Ti", "ephemeral-storage": "100Ti", "pods": "100k"}
GONE = {httpx.codes.NOT_FOUND, httpx.codes.CONFLICT}  # conflict: another pod has the name now
REFUSED = {httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY}


class NotStartedError(Exception):
    """Raised by a `Start`: the pod waits with this reason, ``ImagePullBackOff`` for instance."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.message = message


def as_declared(pod: Pod) -> Command:
    """A `Start`: what the first container's ``command``, ``args`` and ``env`` say."""
    container = pod["spec"]["containers"][0]
    return [*container.get("command", []), *container.get("args", [])], environment(pod)


def environment(pod: Pod) -> dict[str, str]:
    """The first container's: values and the pod's own fields.

    What refers to a Secret or a ConfigMap is left out: the test knows these.
    """
    found = {}
    for variable in pod["spec"]["containers"][0].get("env", []):
        if path := variable.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath"):
            found[variable["name"]] = pod_field(pod, path)
        elif "valueFrom" not in variable:
            found[variable["name"]] = variable.get("value", "")
    return found


def pod_field(pod: Pod, path: str) -> str:
    """``metadata.name``, ``metadata.labels['app']``, ``spec.nodeName``…"""
    section, _, rest = path.partition(".")
    name, bracket, key = rest.partition("['")
    value = pod[section].get(name, {} if bracket else "")
    return str(value.get(key.removesuffix("']"), "") if bracket else value)


@dataclass
class Life:
    """Of one pod here, from the first sight of it until the API has it no more."""

    pod: Pod
    ending: asyncio.Event = field(default_factory=asyncio.Event)  # it shall stop
    gone: asyncio.Event = field(default_factory=asyncio.Event)  # deleted by force: no grace
    restarts: int = 0
    last_state: dict[str, Any] = field(default_factory=dict)

    def see(self, pod: Pod) -> None:
        self.pod = pod
        if "deletionTimestamp" in pod["metadata"]:
            self.ending.set()

    def lose(self) -> None:
        self.gone.set()
        self.ending.set()

    @property
    def path(self) -> str:
        metadata = self.pod["metadata"]
        return f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"

    @property
    def grace_seconds(self) -> int:
        seconds: int = self.pod["metadata"].get("deletionGracePeriodSeconds", 30)
        return seconds


class TestNode:
    """``with TestNode(control_plane, start=as_declared, namespace=namespace) as node:``.

    Without ``start`` pods are ready at once and are gone as soon as they are told to go. With it,
    those of ``namespace`` (None: of all) are processes: restarted when they end, told to stop by
    SIGTERM, killed after their grace period. Not done: images, volumes, probes, init containers,
    lifecycle hooks, addresses.
    """

    __test__ = False  # no class of tests, whatever pytest thinks of its name

    def __init__(
        self,
        control_plane: ControlPlane,
        start: Start | None = None,
        *,
        namespace: str | None = None,
        name: str | None = None,
        capacity: Mapping[str, str] = CAPACITY,
    ) -> None:
        self.name = name or f"node-{secrets.token_hex(4)}"
        self.processes: dict[str, int] = {}  # by the pod's name; for tests that kill one
        self._control_plane = control_plane
        self._start = start
        self._namespace = namespace
        self._capacity = dict(capacity)
        self._lives: dict[str, Life] = {}
        self._thread = threading.Thread(target=self._run_thread, name=self.name, daemon=True)
        self._begun = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop
        self._work: asyncio.Task[None]

    def __enter__(self) -> Self:
        http = self._control_plane.http
        http.post("/api/v1/nodes", json=node_object(self.name, self._capacity)).raise_for_status()
        # Admission marks every new node as not ready yet; a controller that we run without
        # would take that away.
        self._patch_node({"spec": {"taints": None}})
        self._thread.start()
        self._begun.wait()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(RuntimeError):  # it failed, its loop is closed
            self._loop.call_soon_threadsafe(self._work.cancel)
        self._thread.join()
        self._forget()
        if self._failure:
            raise self._failure

    def log(self, pod: str) -> Path:
        """What the pod's processes printed, all starts in one file."""
        folder = self._control_plane.folder / self.name
        folder.mkdir(exist_ok=True)
        return folder / f"{pod}.log"

    def _patch_node(self, patch: dict[str, Any]) -> None:
        headers = {"content-type": "application/merge-patch+json"}
        path = f"/api/v1/nodes/{self.name}"
        content = msgspec.json.encode(patch)
        self._control_plane.http.patch(path, content=content, headers=headers).raise_for_status()

    def _forget(self) -> None:
        """As when a machine is lost and somebody cleans up: the node first, then its pods."""
        http = self._control_plane.http
        http.delete(f"/api/v1/nodes/{self.name}").raise_for_status()
        on_it = {"fieldSelector": f"spec.nodeName={self.name}"}
        pods = http.get("/api/v1/pods", params=on_it).raise_for_status().json()["items"]
        for namespace in {pod["metadata"]["namespace"] for pod in pods}:
            http.request(
                "DELETE",
                f"/api/v1/namespaces/{namespace}/pods",
                params=on_it,
                json={"gracePeriodSeconds": 0},
            ).raise_for_status()

    # -- in the thread -----------------------------------------------------------------------

    def _run_thread(self) -> None:
        try:
            asyncio.run(self._main())
        except asyncio.CancelledError:  # `__exit__`
            pass
        except BaseException as failure:  # noqa: BLE001 - raised by `__exit__`
            self._failure = failure
        finally:
            self._begun.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._work = asyncio.ensure_future(self._serve())
        self._begun.set()
        await self._work

    async def _serve(self) -> None:
        async with (
            httpx.AsyncClient(
                base_url=self._control_plane.url,
                headers={
                    "authorization": f"Bearer {self._control_plane.token}",
                    "user-agent": "test-node",
                },
                verify=self._control_plane.ssl_context,
                timeout=httpx.Timeout(30, read=None, pool=None),
                limits=httpx.Limits(max_connections=20),
            ) as self._http,
            asyncio.TaskGroup() as self._group,
        ):
            while True:
                with suppress(httpx.HTTPError):  # restarted, or we are too far behind: anew
                    await self._follow()
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        """List, then watch until the API server ends that."""
        selector = {"fieldSelector": f"spec.nodeName={self.name}"}
        listed = (await self._http.get("/api/v1/pods", params=selector)).raise_for_status().json()
        for pod in listed["items"]:
            self._see(pod)
        present = {pod["metadata"]["uid"] for pod in listed["items"]}
        for uid in self._lives.keys() - present:
            self._lives.pop(uid).lose()
        version = listed["metadata"]["resourceVersion"]
        watch = {**selector, "watch": "true", "resourceVersion": version}
        async with self._http.stream("GET", "/api/v1/pods", params=watch) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                event = msgspec.json.decode(line, type=dict[str, Any])
                match event["type"]:
                    case "ADDED" | "MODIFIED":
                        self._see(event["object"])
                    case "DELETED":
                        self._lives.pop(event["object"]["metadata"]["uid"]).lose()
                    case _:  # ERROR: our version is too old
                        return

    def _see(self, pod: Pod) -> None:
        uid = pod["metadata"]["uid"]
        life = self._lives.get(uid)
        if life is None:
            life = self._lives[uid] = Life(pod)
            self._group.create_task(self._live(life))
        life.see(pod)

    async def _live(self, life: Life) -> None:
        metadata = life.pod["metadata"]
        if self._start and self._namespace in {None, metadata["namespace"]}:
            await self._live_as_process(life, self._start)
        elif not life.ending.is_set():
            await self._tell(life, "Running", running())
            await life.ending.wait()
        precondition = {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}}
        if not life.gone.is_set():
            await self._ask("DELETE", life.path, precondition)

    async def _live_as_process(self, life: Life, start: Start) -> None:
        policy = life.pod["spec"]["restartPolicy"]
        while not life.ending.is_set():
            try:
                code = await self._run_once(life, start)
            except NotStartedError as error:
                await self._tell(life, "Pending", waiting(error.reason, error.message))
                await life.ending.wait()
                return
            life.last_state = terminated(code)
            if life.gone.is_set():
                return
            if life.ending.is_set() or policy == "Never" or (policy == "OnFailure" and code == 0):
                await self._tell(life, "Failed" if code else "Succeeded", life.last_state)
                await life.ending.wait()
                return
            await self._back_off(life)

    async def _back_off(self, life: Life) -> None:
        await self._tell(life, "Running", waiting("CrashLoopBackOff", "it ended"))
        delay = BACK_OFF_SECONDS[min(life.restarts, len(BACK_OFF_SECONDS) - 1)]
        life.restarts += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(life.ending.wait(), delay)

    async def _run_once(self, life: Life, start: Start) -> int:
        """From a start to an end, which comes by itself or because the pod shall stop."""
        name = life.pod["metadata"]["name"]
        async with process_of(*start(life.pod), self.log(name)) as process:
            self.processes[name] = process.pid
            try:
                await self._tell(life, "Running", running())
                await first_of(process.wait(), life.ending.wait())
                if process.returncode is None:
                    await stop(process, life)
            finally:
                del self.processes[name]
            return await process.wait()

    async def _tell(self, life: Life, phase: str, state: dict[str, Any]) -> None:
        status = {
            "metadata": {"uid": life.pod["metadata"]["uid"]},
            "status": pod_status(life, phase, state),
        }
        await self._ask("PATCH", f"{life.path}/status", status)

    async def _ask(self, method: str, path: str, body: dict[str, Any]) -> None:
        """Until it is done, or the pod is gone; the API server may be away or not ready."""
        kind = "strategic-merge-patch+json" if method == "PATCH" else "json"
        headers = {"content-type": f"application/{kind}"}
        content = msgspec.json.encode(body)
        while True:
            with suppress(httpx.TransportError):
                answer = await self._http.request(method, path, content=content, headers=headers)
                if answer.is_success or answer.status_code in GONE:
                    return
                assert answer.status_code not in REFUSED, answer.text
            await asyncio.sleep(RETRY_SECONDS)


@asynccontextmanager
async def process_of(
    arguments: list[str], variables: dict[str, str], log: Path
) -> AsyncIterator[Process]:
    """As a container: what its first process leaves behind goes with it."""
    program = shutil.which(arguments[0], path=variables.get("PATH")) or arguments[0]
    # Killed when this thread ends, so also when pytest is.
    launcher = [launch.__file__, str(signal.SIGKILL.value), str(os.getpid()), "0", str(Path.cwd())]
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", *launcher, program, *arguments[1:]),
            env=variables,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):  # also when the launcher has made no group yet
            process.kill()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def stop(process: Process, life: Life) -> None:
    process.terminate()
    with suppress(TimeoutError):
        async with asyncio.timeout(life.grace_seconds):
            await first_of(process.wait(), life.gone.wait())
    with suppress(ProcessLookupError):
        process.kill()


async def first_of(*awaited: Any) -> None:
    tasks = [asyncio.ensure_future(each) for each in awaited]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def running() -> dict[str, Any]:
    return {"running": {"startedAt": now()}}


def waiting(reason: str, message: str) -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


def terminated(code: int) -> dict[str, Any]:
    return {
        "terminated": {
            "exitCode": code if code >= 0 else 128 - code,
            "reason": "Error" if code else "Completed",
            "finishedAt": now(),
        }
    }


def pod_status(life: Life, phase: str, state: dict[str, Any]) -> dict[str, Any]:
    is_ready = "running" in state
    conditions = {"Initialized": True, "ContainersReady": is_ready, "Ready": is_ready}
    return {
        "phase": phase,
        "startTime": life.pod["metadata"]["creationTimestamp"],
        "conditions": [
            {"type": name, "status": str(holds), "lastTransitionTime": now()}
            for name, holds in conditions.items()
        ],
        "containerStatuses": [
            {
                "name": container["name"],
                "image": container["image"],
                "imageID": "",
                "ready": is_ready,
                "started": is_ready,
                "restartCount": life.restarts,
                "state": state,
                "lastState": {} if "terminated" in state else life.last_state,
            }
            for container in life.pod["spec"]["containers"]
        ],
    }


def node_object(name: str, capacity: dict[str, str]) -> dict[str, Any]:
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
    }
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": ""}
    times = {"lastHeartbeatTime": now(), "lastTransitionTime": now()}
    return {
        "metadata": {"name": name, "labels": labels},
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "conditions": [{**ready, **times}],
        },
    }


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
