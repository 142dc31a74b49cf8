"""What kopf calls. Handlers only tell the controller: kopf never retries a failed event handler."""

from typing import TYPE_CHECKING, Any

import kopf

from lexmill.jobs.schemas import GROUP
from lexmill_operator.declaring import SHARED_LABEL
from lexmill_operator.kubernetes import connection_info

if TYPE_CHECKING:
    from lexmill_operator.controller import Controller


def build_registry() -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(log_in)
    kopf.on.event(GROUP, "v1alpha1", "legaljobs", registry=registry)(on_legaljob)
    kopf.on.event("", "v1", "configmaps", registry=registry)(on_config_map)
    return registry


def build_settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.scanning.disabled = True  # or kopf asks for the right to watch namespaces and CRDs
    settings.posting.enabled = False  # our Events have fixed reasons
    settings.persistence.finalizer = f"{GROUP}/finalizer"  # never set, as there is no on.delete
    settings.persistence.diffbase_storage = _NoEssence()
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 10
    settings.networking.error_backoffs = _Endless()
    settings.watching.chunk_size = 500
    settings.watching.label_selectors["configmaps"] = f"{SHARED_LABEL}=true"
    settings.queueing.idle_timeout = 0.1  # a worker holds its object's memory for so long
    settings.process.ultimate_exiting_timeout = None  # it would SIGKILL; Kubernetes does
    return settings


def log_in(**_: Any) -> kopf.ConnectionInfo:
    return connection_info()


def on_legaljob(*, event: kopf.RawEvent, memo: Any, **_: Any) -> None:
    controller: Controller = memo.controller
    controller.on_legaljob(event["type"], event["object"])


def on_config_map(*, event: kopf.RawEvent, memo: Any, **_: Any) -> None:
    controller: Controller = memo.controller
    controller.on_config_map(event["object"])


class _NoEssence(kopf.DiffBaseStorage):
    """We have no handlers of changes: nothing of an object has to be copied and compared."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        return kopf.BodyEssence()

    def fetch(self, **_: Any) -> None:
        """Nothing was stored."""

    def store(self, **_: Any) -> None:
        """Nothing is needed later."""


class _Endless:
    """Waits between tries of a request; an operator has nothing better to do than try again."""

    def __iter__(self) -> Any:
        yield from (1, 1, 2, 3, 5)
        while True:
            yield 8
