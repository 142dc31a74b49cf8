"""Every locked dependency is permissively licensed: ``python -m tests.checks.licences``.

The licence is what a distribution's own metadata say; what they do not say is a failure, too.
"""

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from email.message import Message

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"

PERMISSIVE = re.compile(
    r"\b(MIT|MIT-CMU|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|HPND|Unlicense|Zlib|CC0)\b",
    re.IGNORECASE,
)
RESTRICTED = re.compile(r"\b(A?GPL|LGPL|GNU|MPL|Mozilla|EUPL|SSPL|BUSL|CC-BY-SA)", re.IGNORECASE)

EXCEPTIONS = {
    "dramatiq": "LGPL-3.0: an unmodified library, imported at run time; named by the design",
    "psycopg": "LGPL-3.0: an unmodified library, imported at run time; named by the design",
    "psycopg-binary": "LGPL-3.0: psycopg's compiled part",
    "certifi": "MPL-2.0: a list of certificates, unmodified",
    "hypothesis": "MPL-2.0: tests only, never shipped",
    "pathspec": "MPL-2.0: of the build and the type checker, never shipped",
}

BANNED = {
    "pymupdf": "AGPL",
    "x-ray": "pulls pymupdf",
    "lexnlp": "AGPL",
    "contraxsuite": "AGPL",
    "docs-anonymizer": "AGPL",
    "lexdays": "AGPL",
    "extract-msg": "GPL",
    "python-stdnum": "LGPL, for what thirty lines do",
    "ru-core-news-sm": "a squatted name",
    "en-core-web-trf": "a squatted name",
    "de-core-news-md": "a squatted name",
    "en-core-sci-md": "a squatted name",
}


def locked_names(lock: str) -> list[str]:
    return sorted(set(re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", lock, re.MULTILINE)))


def licence_of(name: str) -> str:
    """What the metadata say: the expression, else the classifiers, else the free text."""
    metadata = cast("Message", distribution(name).metadata)
    expression = metadata.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = [
        classifier.rpartition("::")[2].strip()
        for classifier in metadata.get_all("Classifier") or []
        if classifier.startswith("License ::")
    ]
    return "; ".join(classifiers) or str(metadata.get("License") or "").partition("\n")[0]


def objection(name: str) -> str | None:
    if name in BANNED:
        return f"{name} is banned: {BANNED[name]}"
    if name in EXCEPTIONS:
        return None
    try:
        licence = licence_of(name)
    except PackageNotFoundError:  # for another system or Python version
        return None
    if RESTRICTED.search(licence) or not PERMISSIVE.search(licence):
        return f"{name} has the licence {licence or 'unknown'!r}, which is not permissive"
    return None


def main() -> int:
    names = locked_names(LOCK.read_text(encoding="utf-8"))
    objections = [each for each in map(objection, names) if each is not None]
    for each in objections:
        sys.stderr.write(f"{each}\n")
    if objections:
        return 1
    sys.stdout.write(
        f"{len(names)} dependencies, all permissive but {len(EXCEPTIONS)} named exceptions\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
