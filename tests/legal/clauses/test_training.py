import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lexmill_legal.clause_kinds import CUAD_KINDS
from lexmill_legal.clauses.model import decode
from lexmill_legal.clauses.training import making, table
from lexmill_legal.clauses.training.corpus import company_of, kind_of, read_contracts, right_units
from lexmill_legal.clauses.training.evaluation import (
    average_precision,
    calibration_error,
    folds_of,
)
from lexmill_legal.clauses.training.fitting import Size
from lexmill_legal.clauses.training.judging import Judged, judge_of
from lexmill_legal.clauses.units import Unit
from tests.legal.clauses.corpus import write_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def trained(corpus: Path) -> making.Trained:
    return making.train(corpus, size=Size(rows=2, kept=500))


def test_the_same_contracts_give_the_same_bytes(corpus: Path, trained: making.Trained) -> None:
    """In another process, with another hash seed."""
    program = (
        "import sys; from pathlib import Path; "
        "from lexmill_legal.clauses.training import making; "
        "from lexmill_legal.clauses.training.fitting import Size; "
        "print(making.train(Path(sys.argv[1]), size=Size(rows=2, kept=500)).sha256)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, str(corpus)],
        env={"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == trained.sha256


def test_the_trained_model_tells_the_contracts_apart(trained: making.Trained) -> None:
    figures = {kind.kind: kind for kind in trained.figures.kinds}
    assert figures["audit_rights"].contracts == 20
    assert figures["audit_rights"].average_precision == 1
    assert figures["audit_rights"].first == 1
    assert figures["governing_law"].first == 1
    assert figures["severability"].contracts == 40


def test_the_card_names_the_file_it_came_with(trained: making.Trained, tmp_path: Path) -> None:
    trained.write(tmp_path)
    assert trained.sha256 in (tmp_path / making.CARD).read_text(encoding="utf-8")
    assert decode((tmp_path / "clauses.model").read_bytes()).judges


def test_the_table_replaces_only_its_part(trained: making.Trained, tmp_path: Path) -> None:
    page = tmp_path / "accuracy.md"
    page.write_text("# Accuracy\n\nBefore.\n", encoding="utf-8")
    table.write_part(page, "old")
    page.write_text(page.read_text(encoding="utf-8") + "\nAfter.\n", encoding="utf-8")
    table.write_part(page, table.table(trained.figures))
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Accuracy\n\nBefore.\n")
    assert text.endswith("\nAfter.\n")
    assert "\nold\n" not in text
    assert "|audit_rights|20|1.00|" in text


def test_contracts_are_read_in_the_order_of_their_names(corpus: Path) -> None:
    files = [contract.file for contract in read_contracts(corpus)]
    assert files == sorted(files)


def test_a_folder_without_contracts_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"train\.jsonl\.gz"):
        read_contracts(tmp_path)


def test_a_company_is_never_split(corpus: Path) -> None:
    contracts = read_contracts(corpus)
    folds = folds_of(contracts)
    assert len({(c.company, fold) for c, fold in zip(contracts, folds, strict=True)}) == 20
    assert set(folds) == {0, 1, 2, 3, 4}


def test_without_the_extra_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "find_spec", lambda _: None)
    with pytest.raises(making.TrainingMissingError, match=r"lexmill\[train\]"):
        making.needs_training()


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ("Rofr/Rofo/Rofn", "rofr_rofo_rofn"),
        ("Affiliate License-Licensee", "affiliate_license_licensee"),
        ("Unlimited/All-You-Can-Eat-License", "unlimited_all_you_can_eat_license"),
    ],
)
def test_categories_become_kinds(category: str, kind: str) -> None:
    assert kind_of(category) == kind
    assert kind in CUAD_KINDS


def test_a_company_is_the_begin_of_its_files_names() -> None:
    assert company_of("EuromediaHoldingsCorp_2007_x.txt") == "euromediaholdi"
    assert company_of("ACME CORP - x.txt") == "acme"


def test_a_unit_is_right_if_half_of_it_or_half_of_the_label_overlaps() -> None:
    units = [Unit(0, 10, ""), Unit(10, 20, ""), Unit(20, 120, "")]
    assert right_units(units, 5, 12).tolist() == [True, False, False]
    assert right_units(units, 18, 30).tolist() == [False, False, True]


def test_measures() -> None:
    truth = np.array([True, False, True, False])
    assert average_precision([4, 3, 2, 1], truth) == pytest.approx((1 + 2 / 3) / 2)
    assert calibration_error(np.array([0.75, 0.75, 0.75, 0.75]), truth) == 0.25


def judged(positive: int, negative: int, gap: float) -> Judged:
    scores = np.concatenate((np.linspace(gap, 1, positive), np.linspace(-1, -gap, negative)))
    truth = np.arange(positive + negative) < positive
    return Judged(scores, truth, scores, truth)


def test_only_what_was_measured_often_is_firm() -> None:
    often = judge_of("audit_rights", judged(60, 60, 0.2))
    assert often.firm_from is not None
    assert often.firm_below is not None
    assert often.firm_below <= often.present_from <= often.firm_from
    assert judge_of("audit_rights", judged(20, 60, 0.2)).firm_from is None
    assert judge_of("volume_restriction", judged(60, 60, 0.2)).firm_from is None
    mixed = judge_of("audit_rights", judged(60, 60, -0.9))
    assert mixed.firm_from is None
    assert mixed.firm_below is None


@pytest.mark.parametrize(("positive", "negative"), [(0, 50), (50, 0), (50, 1), (1, 50)])
def test_one_sided_evidence_still_gives_chances(positive: int, negative: int) -> None:
    judge = judge_of("parties", judged(positive, negative, 0.1))
    chances = [judge.probability(score) for score in (-2.0, -0.5, 0.5, 2.0)]
    assert chances == sorted(chances)
    assert all(0 <= chance <= 1 for chance in chances)
