"""The calls to the Kubernetes API that kopf does not make, above all server-side apply.

kopf watches; everything that reads by name or writes goes through here, so that one place counts
the writes and turns refusals into `KubernetesError`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import aiohttp
import kopf
import msgspec

from lexmill.jobs.schemas import API_VERSION
from lexmill_operator.metrics import API_WRITES

FIELD_MANAGER = "lexmill-operator"
LEGALJOBS = f"/apis/{API_VERSION}"
DEPLOYMENTS = "/apis/apps/v1"
CORE = "/api/v1"

_WATCH_SECONDS = 300
_WATCH = aiohttp.ClientTimeout(total=None, connect=10, sock_read=90)
"""The server sends a bookmark each minute: a watch without one is dead."""
_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
_LOGIN_SECONDS = 60.0
_PAGE = 500
_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


class Key(NamedTuple):
    """Names a LegalJob."""

    namespace: str
    name: str


class KubernetesError(Exception):
    """``status`` is HTTP's, 0 when there was no answer; ``reason`` is Kubernetes' word for it."""

    def __init__(
        self, status: int, reason: str, message: str, *, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.message = message
        self.retry_after = retry_after


def connection_info() -> kopf.ConnectionInfo:
    """Of the pod's service account, or of the kubeconfig. Raises kopf.LoginError without both."""
    settings = kopf.OperatorSettings()
    info = kopf.login_with_service_account(settings=settings)
    info = info or kopf.login_with_kubeconfig(settings=settings)
    if info is None:
        raise kopf.LoginError("there is neither a service account nor a kubeconfig")
    return info


class KubernetesApi:
    """Every call raises KubernetesError. The token is read again each minute: it is rotated."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._headers: dict[str, str] = {}
        self._read_at = 0.0

    async def __aenter__(self) -> Self:
        info = connection_info()
        self._session = aiohttp.ClientSession(
            base_url=info.server,
            connector=aiohttp.TCPConnector(ssl=info.as_ssl_context(), limit=32),
            timeout=_TIMEOUT,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get_legaljob(self, key: Key) -> dict[str, Any] | None:
        return await self._get(_path(LEGALJOBS, key.namespace, "legaljobs", key.name))

    async def get_deployment(self, namespace: str, name: str) -> dict[str, Any] | None:
        return await self._get(_path(DEPLOYMENTS, namespace, "deployments", name))

    async def get_config_map(self, namespace: str, name: str) -> dict[str, Any] | None:
        return await self._get(_path(CORE, namespace, "configmaps", name))

    async def list_legaljob_uids(self, namespace: str | None) -> dict[str, Key]:
        """All LegalJobs of a namespace (or of all) by uid; only their metadata cross the wire."""
        path = LEGALJOBS if namespace is None else f"{LEGALJOBS}/namespaces/{quote(namespace)}"
        found: dict[str, Key] = {}
        token = ""
        while True:
            page = _decode(
                await self._call(
                    "GET",
                    f"{path}/legaljobs",
                    params={"limit": str(_PAGE), "continue": token},
                    accept=_METADATA_ONLY,
                )
            )
            for item in page["items"] or ():  # an empty list comes as null
                metadata = item["metadata"]
                found[metadata["uid"]] = Key(metadata["namespace"], metadata["name"])
            token = page["metadata"].get("continue", "")
            if not token:
                return found

    async def list_deployments(self, namespace: str | None, selector: str) -> AsyncIterator[bytes]:
        """Pages of a DeploymentList in JSON."""
        token = ""
        while True:
            params = {"labelSelector": selector, "limit": str(_PAGE), "continue": token}
            page = await self._call("GET", _deployments(namespace), params=params)
            yield page
            token = msgspec.json.decode(page, type=_Page).metadata.continue_
            if not token:
                return

    async def watch_deployments(
        self, namespace: str | None, selector: str, version: str
    ) -> AsyncIterator[bytes]:
        """Lines with one watch event each, until the server ends the watch."""
        params = {
            "labelSelector": selector,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(_WATCH_SECONDS),
            "resourceVersion": version,
        }
        rest = b""
        async with self._request(
            "GET", _deployments(namespace), params=params, patience=_WATCH
        ) as answer:
            async for chunk in answer.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    yield line

    async def list_pods(self, namespace: str, selector: str) -> list[dict[str, Any]]:
        answer = await self._call(
            "GET",
            f"{CORE}/namespaces/{quote(namespace)}/pods",
            params={"labelSelector": selector, "limit": str(_PAGE)},
        )
        items: list[dict[str, Any]] = _decode(answer)["items"]
        return items

    async def apply_deployment(self, deployment: Mapping[str, Any]) -> dict[str, Any]:
        metadata = deployment["metadata"]
        return await self._write(
            "PATCH",
            _path(DEPLOYMENTS, metadata["namespace"], "deployments", metadata["name"]),
            deployment,
            content_type=_APPLY,
            params={"fieldManager": FIELD_MANAGER, "force": "true"},
            what="deployment",
        )

    async def apply_status(self, key: Key, uid: str, status: Mapping[str, Any]) -> dict[str, Any]:
        """The uid keeps the status of a deleted job from its successor of the same name."""
        return await self._write(
            "PATCH",
            _path(LEGALJOBS, key.namespace, "legaljobs", key.name) + "/status",
            {
                "apiVersion": API_VERSION,
                "kind": "LegalJob",
                "metadata": {"name": key.name, "uid": uid},
                "status": status,
            },
            content_type=_APPLY,
            params={"fieldManager": FIELD_MANAGER, "force": "true"},
            what="status",
        )

    async def remove_from_status(self, key: Key, uid: str, fields: Iterable[str]) -> dict[str, Any]:
        """What another manager has put there stays when it is merely not applied."""
        return await self._write(
            "PATCH",
            _path(LEGALJOBS, key.namespace, "legaljobs", key.name) + "/status",
            {"metadata": {"uid": uid}, "status": dict.fromkeys(fields)},
            content_type=_MERGE,
            what="status",
        )

    async def set_deletion_cost(self, namespace: str, pod: str, cost: int) -> None:
        annotation = {"controller.kubernetes.io/pod-deletion-cost": str(cost)}
        await self._write(
            "PATCH",
            _path(CORE, namespace, "pods", pod),
            {"metadata": {"annotations": annotation}},
            content_type=_MERGE,
            what="pod",
        )

    async def delete_deployment(
        self, namespace: str, name: str, uid: str, *, until_pods_are_gone: bool = False
    ) -> None:
        """The Deployment itself goes at once, or only after its pods."""
        path = _path(DEPLOYMENTS, namespace, "deployments", name)
        propagation = "Foreground" if until_pods_are_gone else "Background"
        await self._delete(path, uid, what="deployment", propagation=propagation)

    async def delete_legaljob(self, key: Key, uid: str) -> None:
        path = _path(LEGALJOBS, key.namespace, "legaljobs", key.name)
        await self._delete(path, uid, what="legaljob")

    async def create_event(self, namespace: str, event: Mapping[str, Any]) -> None:
        path = f"{CORE}/namespaces/{quote(namespace)}/events"
        await self._write("POST", path, event, what="event")

    async def get_lease(self, namespace: str, name: str) -> dict[str, Any] | None:
        return await self._get(_lease_path(namespace, name))

    async def create_lease(self, namespace: str, lease: Mapping[str, Any]) -> dict[str, Any]:
        path = _lease_path(namespace, "").rstrip("/")
        return await self._write("POST", path, lease, what="lease")

    async def replace_lease(
        self, namespace: str, name: str, lease: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Fails with 409 when somebody else was faster: the lease carries its resourceVersion."""
        return await self._write("PUT", _lease_path(namespace, name), lease, what="lease")

    async def delete_lease(self, namespace: str, name: str) -> None:
        lease = await self.get_lease(namespace, name)
        if lease is not None:
            await self._delete(_lease_path(namespace, name), lease["metadata"]["uid"], what="lease")

    async def _get(self, path: str) -> dict[str, Any] | None:
        try:
            return _decode(await self._call("GET", path))
        except KubernetesError as error:
            if error.status == 404:
                return None
            raise

    async def _delete(
        self, path: str, uid: str, *, what: str, propagation: str = "Background"
    ) -> None:
        """What is gone already, or is another's by now, is left alone."""
        options = {"propagationPolicy": propagation, "preconditions": {"uid": uid}}
        try:
            await self._write("DELETE", path, options, what=what)
        except KubernetesError as error:
            if error.status not in {404, 409}:
                raise

    async def _write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any],
        *,
        what: str,
        content_type: str = "application/json",
        params: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        API_WRITES.labels(what).inc()
        answer = await self._call(method, path, body=body, content_type=content_type, params=params)
        return _decode(answer)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        params: Mapping[str, str] | None = None,
        accept: str = "application/json",
    ) -> bytes:
        async with self._request(
            method,
            path,
            params=params,
            data=None if body is None else msgspec.json.encode(body),
            headers={"Accept": accept, "Content-Type": content_type},
        ) as answer:
            return await answer.read()

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        patience: aiohttp.ClientTimeout = _TIMEOUT,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer where it is no refusal; what goes wrong in the block is ours as well."""
        assert self._session is not None, "used outside of its block"
        try:
            async with self._session.request(
                method,
                path,
                params=params,
                data=data,
                headers={**await self._authorization(), **(headers or {})},
                timeout=patience,
            ) as answer:
                if answer.status == 401:
                    self._read_at = 0.0
                if answer.status >= 400:
                    raise _refusal(answer, await answer.read())
                yield answer
        except (aiohttp.ClientError, TimeoutError) as error:
            raise KubernetesError(0, "NoAnswer", type(error).__name__) from error

    async def _authorization(self) -> Mapping[str, str]:
        now = time.monotonic()
        if not self._read_at or now - self._read_at > _LOGIN_SECONDS:
            info = await asyncio.to_thread(connection_info)
            self._headers = info.as_http_headers()
            self._read_at = now
        return self._headers


def _decode(answer: bytes) -> dict[str, Any]:
    content: dict[str, Any] = msgspec.json.decode(answer)
    return content


class _PageMetadata(msgspec.Struct):
    continue_: str = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct):
    metadata: _PageMetadata


def _deployments(namespace: str | None) -> str:
    inside = "" if namespace is None else f"/namespaces/{quote(namespace)}"
    return f"{DEPLOYMENTS}{inside}/deployments"


def _path(group: str, namespace: str, plural: str, name: str) -> str:
    return f"{group}/namespaces/{quote(namespace)}/{plural}/{quote(name)}"


def _lease_path(namespace: str, name: str) -> str:
    return _path("/apis/coordination.k8s.io/v1", namespace, "leases", name)


class _Status(msgspec.Struct):
    reason: str = ""
    message: str = ""


def _refusal(answer: aiohttp.ClientResponse, content: bytes) -> KubernetesError:
    try:
        status = msgspec.json.decode(content, type=_Status)
    except msgspec.DecodeError:
        status = _Status()
    after = answer.headers.get("Retry-After", "")
    return KubernetesError(
        answer.status,
        status.reason or answer.reason or "",
        status.message,
        retry_after=float(after) if after.isdecimal() else None,
    )
