from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one call may use."""

    memory_bytes: int = 1024 * MIB
    """Address space on top of what the preloaded template has mapped already."""
    cpu_seconds: int = 90
    wall_seconds: float = 120.0
    """From handing the call over to its last byte; `Sandbox.call` can set it for one call."""
    file_bytes: int = 0
    """Of each file; a call of a `Sandbox` has none, a program needs some."""
    result_bytes: int = 512 * MIB
    """A hostile child must not fill the worker's memory with its answer."""
