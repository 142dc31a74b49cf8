"""What `lexmill` starts: importing takes a moment, in which Ctrl-C is to leave no traceback."""

import sys

from lexmill_cli.errors import Exit


def main() -> None:
    try:
        from lexmill_cli.main import main as run
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    run()
