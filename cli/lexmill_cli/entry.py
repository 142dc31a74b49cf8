"""What `lexmill` starts: importing takes a second, in which Ctrl-C is to leave no traceback."""

import sys

from lexmill_cli.errors import Exit


def main() -> None:
    try:
        from lexmill_cli.main import main as run  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    run()
