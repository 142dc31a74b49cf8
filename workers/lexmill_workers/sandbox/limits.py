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
    calls_per_child: int = 16
    """A child goes on with a next call behind a small and quick one, at most so often; starting one
    costs as much as reading a page or two. 1 gives each call a child of its own, so that a
    document which takes its child over learns nothing of any other."""
    file_bytes: int = 0
    """Of each file; a call of a `Sandbox` has none, a program needs some."""
    result_bytes: int = 512 * MIB
    """A hostile child must not fill the worker's memory with its answer."""
