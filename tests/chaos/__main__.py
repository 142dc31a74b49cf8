"""Storms from many seeds: ``python -m tests.chaos --seeds 20``; the last line is a summary.

The home of a seed that went wrong is kept, with the logs of all parts.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.scenario import DOCUMENTS, STORM_SECONDS, Report, run_seed


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    parser.add_argument("--seconds", type=float, default=STORM_SECONDS)
    options = parser.parse_args()
    reports: list[Report] = []
    for seed in range(options.first, options.first + options.seeds):
        home = Path(tempfile.mkdtemp(prefix=f"lexmill-chaos-{seed}-"))
        report = run_seed(seed, home / "home", documents=options.documents, seconds=options.seconds)
        reports.append(report)
        _say(str(report))
        if report.wrong:
            _say(f"  logs: {home}/home/logs")
        else:
            shutil.rmtree(home)
    wrong = [report.seed for report in reports if report.wrong]
    _say(
        f"chaos: {len(reports) - len(wrong)} of {len(reports)} seeds ok"
        + (f", wrong: {', '.join(map(str, wrong))}" if wrong else "")
    )
    return 1 if wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
