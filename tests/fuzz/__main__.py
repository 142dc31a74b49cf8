"""Damage documents for a while: `python -m tests.fuzz [--seconds 60] [--only pdf] [--seed 1]`.

Half of a parser's time goes to the real sandbox, where a case that crashes, hangs or raises what
is no DocumentError is told by how its child ended; half to a process without it, where the same is
told by the trace. A case is known by its parser, seed and number, and what was found is kept in
the folder ``--keep``, from where it goes into tests/fuzz/regressions.
"""

import argparse
import faulthandler
import os
import resource
import subprocess
import sys
import time
import traceback
from pathlib import Path
from random import Random

import msgspec

from lexmill_workers.sandbox import Limits, Sandbox, SandboxError
from lexmill_workers.stages import PRELOAD, work
from tests.fuzz.parsers import PARSERS, Parser, judge

HANGS_AFTER_SECONDS = 10
MOST_FINDINGS = 20
_MEMORY_BYTES = 3 * 1024**3
_FOUND = 3
LIMITS = Limits(wall_seconds=2 * HANGS_AFTER_SECONDS, cpu_seconds=HANGS_AFTER_SECONDS)


def case_of(parser: Parser, seed: int, number: int) -> bytes:
    return parser.case(Random(f"{parser.name} {seed} {number}"))


def in_sandbox(
    sandbox: Sandbox, parser: Parser, seed: int, seconds: float, keep: Path
) -> tuple[int, int]:
    """How many cases there were, and how many of them were answered badly."""
    until = time.monotonic() + seconds
    number = found = 0
    known = sandbox.late_imports
    while time.monotonic() < until and found < MOST_FINDINGS:
        number += 1
        data = case_of(parser, seed, number)
        asked = parser.ask(data)
        try:
            judge(asked, sandbox.call(msgspec.msgpack.encode(asked)))
            wrong = ", ".join(sandbox.late_imports - known)
        except SandboxError as error:
            # the limit of memory is there for such documents
            places = " < ".join(reversed(error.locations))
            wrong = "" if error.kind == "memory" else f"{error} {places}"
        except AssertionError:
            wrong = traceback.format_exc(limit=-2)
        known = sandbox.late_imports
        if wrong:
            found += 1
            _tell(parser, number, wrong)
            _save(keep, parser, seed, number, data)
    return number, found


def in_process(parser: Parser, seed: int, seconds: float, keep: Path) -> tuple[int, int]:
    """The same in a process of its own, which a hang or a crash may end."""
    until = time.monotonic() + seconds
    number = found = 0
    while (left := until - time.monotonic()) > 0 and found < MOST_FINDINGS:
        command = [*(sys.executable, "-m", "tests.fuzz", "--cases", parser.name)]
        command += ["--seed", str(seed), "--first", str(number + 1), "--seconds", str(left)]
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        number = max(number + 1, int(ended.stdout.split()[-1] if ended.stdout.split() else 0))
        if ended.returncode == 0:
            break
        found += 1
        _tell(parser, number, f"exit {ended.returncode}\n{ended.stderr[-1500:]}")
        _save(keep, parser, seed, number, case_of(parser, seed, number))
    return number, found


def cases(parser: Parser, seed: int, first: int, seconds: float) -> int:
    """Until one goes wrong; the number of the case at work stands last on stdout."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    until = time.monotonic() + seconds
    number = first
    while time.monotonic() < until:
        data = case_of(parser, seed, number)
        os.write(1, b"%d\n" % number)
        asked = parser.ask(data)
        faulthandler.dump_traceback_later(HANGS_AFTER_SECONDS, exit=True)
        try:
            judge(asked, work(msgspec.msgpack.encode(asked)))
        except MemoryError:
            pass
        except Exception:  # noqa: BLE001 - whatever it is, it is what we look for
            traceback.print_exc(limit=-4)
            return _FOUND
        faulthandler.cancel_dump_traceback_later()
        number += 1
    return 0


def _tell(parser: Parser, number: int, what: str) -> None:
    sys.stderr.write(f"{parser.name} {number}: {what}\n")


def _save(keep: Path, parser: Parser, seed: int, number: int, data: bytes) -> None:
    keep.mkdir(parents=True, exist_ok=True)
    (keep / f"{parser.name}-{seed}-{number}").write_bytes(data)


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("--seconds", type=float, default=60, help="for each parser")
    options.add_argument("--only", nargs="*", choices=PARSERS, default=list(PARSERS))
    options.add_argument("--seed", type=int, default=int(time.time()))
    options.add_argument("--keep", type=Path, default=Path(".lexmill/fuzz"))
    options.add_argument("--cases", choices=PARSERS, help=argparse.SUPPRESS)
    options.add_argument("--first", type=int, default=1, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.cases:
        return cases(PARSERS[given.cases], given.seed, given.first, given.seconds)
    sys.stdout.write(f"seed {given.seed}\n")
    bad = 0
    with Sandbox("lexmill_workers.stages:work", preload=PRELOAD, limits=LIMITS) as sandbox:
        sandbox.call(msgspec.msgpack.encode(PARSERS["text"].ask(b"It has started.")))
        for name in given.only:
            parser = PARSERS[name]
            half = given.seconds / 2
            inside, found = in_sandbox(sandbox, parser, given.seed, half, given.keep)
            outside, more = in_process(parser, given.seed + 1, half, given.keep)
            bad += found + more
            line = f"{name:10} {inside:7,} in the sandbox {outside:7,} outside  {found + more} bad"
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    if bad:
        sys.stderr.write(f"What went wrong is kept in {given.keep}/\n")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
