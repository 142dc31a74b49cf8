"""The operator process.

python -m lexmill_operator                                until SIGTERM
python -m lexmill_operator uninstall --deployment NAME    takes away what it made, and itself
"""

import argparse
import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import kopf
import structlog
import yaml
from pydantic import ValidationError

from lexmill.client.api import ApiClient
from lexmill.settings import OperatorProcessSettings, OperatorSettings
from lexmill.telemetry.logs import configure_logs, raised_at
from lexmill.telemetry.probes import serve_probes
from lexmill_operator.deployments import CONTAINER, WorkerTemplate
from lexmill_operator.election import Election
from lexmill_operator.health import Heart
from lexmill_operator.kubernetes import KubernetesApi, KubernetesError
from lexmill_operator.leading import lead
from lexmill_operator.metrics import LEADER
from lexmill_operator.uninstalling import uninstall

log = structlog.get_logger(__name__)


def main() -> int:
    arguments = _parser().parse_args()
    try:
        settings = OperatorProcessSettings()
        if arguments.command == "uninstall":
            configure_logs(settings.telemetry, process="operator")
            return _uninstall(settings.operator, arguments)
        template = read_worker_template(settings.operator)
    except (ValidationError, ValueError, OSError) as error:
        sys.stderr.write(f"lexmill-operator: the settings are incomplete: {error}\n")
        return 2
    configure_logs(settings.telemetry, process="operator")
    # A restart makes many objects that all stay or all go: looking at them again and again for
    # cycles would be a fifth of its time.
    gc.set_threshold(100_000, 20, 20)
    try:
        asyncio.run(run(settings, template))
    except kopf.LoginError as error:
        sys.stderr.write(f"lexmill-operator: {error}\n")
        return 3
    except Exception as error:  # noqa: BLE001 - Kubernetes starts the next one; this says why
        log.error("operator_failed", error=type(error).__name__, places=raised_at(error))
        return 1
    return 0


def _uninstall(settings: OperatorSettings, arguments: argparse.Namespace) -> int:
    try:
        work = uninstall(settings, deployment=arguments.deployment, seconds=arguments.seconds)
        asyncio.run(work)
    except kopf.LoginError as error:
        sys.stderr.write(f"lexmill-operator: {error}\n")
        return 3
    except KubernetesError as error:
        sys.stderr.write(f"lexmill-operator: Kubernetes says {error}: {error.message}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lexmill_operator", description="The operator.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    leave = commands.add_parser("uninstall", help="take away what the operator made, and itself")
    leave.add_argument("--deployment", required=True, help="the operator's own, beside its Lease")
    leave.add_argument(
        "--seconds", type=float, default=120, help="so long workers may take to end (120)"
    )
    return parser


def read_worker_template(settings: OperatorSettings) -> WorkerTemplate:
    """Raises ValueError where the file holds no pod template with our container."""
    body = yaml.safe_load(settings.pod_template.read_text(encoding="utf-8"))
    containers = body.get("spec", {}).get("containers", []) if isinstance(body, dict) else []
    if CONTAINER not in [container.get("name") for container in containers]:
        raise ValueError(
            f"{settings.pod_template}: no pod template with a container named {CONTAINER}"
        )
    return WorkerTemplate(body, settings.ocr_image)


async def run(settings: OperatorProcessSettings, template: WorkerTemplate) -> None:
    """Lead while the Lease is held, else wait for it; until SIGTERM."""
    stopping = asyncio.Event()

    def catch_signals() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)

    catch_signals()
    heart = Heart()
    operator = settings.operator
    with (
        serve_probes(settings.telemetry, silent=heart.silent, missing=list),
        ApiClient(
            operator.api_url,
            token=lambda: operator.token_file.read_text(encoding="ascii"),
            source="/lexmill/operator",
        ) as client,
    ):
        async with KubernetesApi() as api:
            heart.limits["election"] = operator.lease_seconds * 2  # it beats five times in one
            election = Election(
                api,
                namespace=operator.lease_namespace,
                name=operator.lease_name,
                identity=operator.identity or socket.gethostname(),
                seconds=operator.lease_seconds,
                beat=lambda: heart.beat("election"),
            )
            work = partial(
                lead,
                operator,
                api,
                client,
                template,
                heart=heart,
                may_act=lambda: election.is_certain,
                catch_signals=catch_signals,
            )
            campaign = asyncio.create_task(_campaign(election, work))
            waiter = asyncio.create_task(stopping.wait())
            await asyncio.wait({campaign, waiter}, return_when=asyncio.FIRST_COMPLETED)
            waiter.cancel()
            if campaign.done():
                campaign.result()
            campaign.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await campaign
            await election.release()
    log.info("operator_stopped")


async def _campaign(election: Election, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        await election.win()
        log.info("lease_won", identity=election.identity)
        LEADER.set(1)
        leading = asyncio.create_task(work())
        holding = asyncio.create_task(election.hold())
        try:
            await asyncio.wait({leading, holding}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            LEADER.set(0)
            for task in (leading, holding):
                task.cancel()
            ends = await asyncio.gather(leading, holding, return_exceptions=True)
        failed = ends[0]
        if isinstance(failed, Exception):
            raise failed
        log.warning("lease_lost", identity=election.identity)


if __name__ == "__main__":
    sys.exit(main())
