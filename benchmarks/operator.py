"""LegalJobs a second through the operator; see benchmarks/legaljobs.py, which does it.

    python benchmarks/operator.py [--jobs N] [--idle N]

Python looks beside a script first, so with this file's name every benchmark here would find it in
place of the standard library's `operator`: whoever asks for that gets it.
"""

import sys

if __name__ == "operator":
    beside = sys.path.pop(0)
    del sys.modules["operator"]
    import operator  # noqa: F401 - the standard library's

    sys.path.insert(0, beside)
elif __name__ == "__main__":
    sys.path[0] = f"{__file__.rpartition('/')[0]}/.."
    from benchmarks.legaljobs import main

    sys.exit(main())
