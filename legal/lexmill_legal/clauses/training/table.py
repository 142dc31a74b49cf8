"""The figures as the part of docs/accuracy.md that stands between two marks."""

from pathlib import Path
from typing import Final

from lexmill_legal.clause_kinds import CUAD_KINDS
from lexmill_legal.clauses.training.evaluation import Figures, KindFigures

_BEGIN: Final = "<!-- clauses: begin -->"
_END: Final = "<!-- clauses: end -->"


_HOW: Final = (
    "{contracts} contracts of {companies} companies, five folds by company; each contract is "
    "scored by a model, and judged by thresholds, that come from other companies."
)
_COLUMNS: Final = (
    "AP: how well contracts with the clause are ranked before those without. P, R, F1: of "
    "`present`. First, first 3: of the contracts with the clause, where the best, or one of the "
    "three candidates is right (half of it labelled, or half the label in it). Firm: how many "
    "verdicts are given as certain, and how many of those are right."
)
_BOILERPLATE: Final = (
    "Kinds that CUAD does not label, labelled by headings of the same contracts and scored without "
    "the heading. A clause under no heading of its own counts as absent here, so P is a lower "
    "bound; the running system also reads the heading."
)


def _means(figures: Figures) -> str:
    return (
        f"Means over CUAD's kinds: average precision **{figures.average_precision:.3f}** (folds "
        f"pooled: {figures.average_precision_pooled:.3f}), F1 of `present` **{figures.f1:.3f}**, "
        f"right sentence first {figures.first:.3f}, among the first three "
        f"**{figures.first_three:.3f}**, expected calibration error "
        f"**{figures.calibration_error:.3f}**."
    )


def table(figures: Figures) -> str:
    cuad = [_row(kind) for kind in figures.kinds[: len(CUAD_KINDS)]]
    other = [_row(kind) for kind in figures.kinds[len(CUAD_KINDS) :]]
    head = (
        "|kind|contracts|AP|P|R|F1|first|first 3|ECE|firm: there (right)|firm: not there (right)|"
    )
    return "\n".join(
        [
            _HOW.format(contracts=figures.contracts, companies=figures.companies),
            "",
            _means(figures),
            "",
            _COLUMNS,
            "",
            head,
            "|-" * 11 + "|",
            *cuad,
            "",
            _BOILERPLATE,
            "",
            head,
            "|-" * 11 + "|",
            *other,
        ]
    )


def _row(kind: KindFigures) -> str:
    cells = [
        kind.kind,
        str(kind.contracts),
        *(
            f"{value:.2f}"
            for value in (
                kind.average_precision,
                kind.precision,
                kind.recall,
                kind.f1,
                kind.first,
                kind.first_three,
                kind.calibration_error,
            )
        ),
        _firm(kind.firm_present, kind.firm_present_precision),
        _firm(kind.firm_absent, kind.firm_absent_precision),
    ]
    return f"|{'|'.join(cells)}|"


def _firm(number: int, precision: float | None) -> str:
    return "–" if precision is None else f"{number} ({precision:.2f})"


def write_part(path: Path, part: str) -> None:
    """Replace what stands between the marks, or add it at the end."""
    text = path.read_text(encoding="utf-8") if path.exists() else "# Accuracy\n"
    block = f"{_BEGIN}\n{part}\n{_END}"
    if _BEGIN in text and _END in text:
        before, _, rest = text.partition(_BEGIN)
        _, _, after = rest.partition(_END)
        path.write_text(before + block + after, encoding="utf-8")
    else:
        path.write_text(f"{text.rstrip()}\n\n## Clauses\n\n{block}\n", encoding="utf-8")
