"""The Makefile, for what names its targets."""

import re
from pathlib import Path

MAKEFILE = Path(__file__).parents[1] / "Makefile"


def make_targets() -> set[str]:
    text = MAKEFILE.read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))
