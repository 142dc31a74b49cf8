from lexmill.settings import SandboxSettings
from lexmill_workers.sandbox import Limits


def limits_of(settings: SandboxSettings) -> Limits:
    return Limits(
        memory_bytes=settings.memory_bytes,
        cpu_seconds=settings.cpu_seconds,
        wall_seconds=settings.wall_seconds,
        calls_per_child=settings.documents_per_child,
    )
