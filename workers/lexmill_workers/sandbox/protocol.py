"""What crosses between worker, template and child: fixed records and bytes, never a pickle."""

import struct
from typing import Final

READY: Final = b"\0"
"""Template to worker, once, then "1" or "0" for seccomp; otherwise the reason as text, and EOF."""

CALL: Final = b"C"
"""Worker to template, with three descriptors: input, output, status."""
CALL_DESCRIPTORS: Final = 3

TAKEN: Final = b"T"
"""Template to worker over the life line: the child runs. Without it the call never began."""

STATUS: Final = struct.Struct("<iQd")
"""Then, and last: wait status, peak resident bytes, CPU seconds."""

PART_COUNT: Final = struct.Struct("<I")
PART_SIZE: Final = struct.Struct("<Q")
"""Input pipe: the number of parts, the size of each, then their bytes."""

ANSWER: Final = struct.Struct("<cIQ")
"""Output pipe: what follows, size of the late imports (text), size of the body."""
RESULT: Final = b"r"
ERROR: Final = b"e"
OUT_OF_MEMORY: Final = b"m"

SETUP_FAILED: Final = 71
"""Exit code of a child that could not lock itself down and therefore did nothing."""
