from tests.charts.charts import Helm
from tests.charts.snapshots import FOLDER, snapshots


def test_what_is_installed_is_what_was_reviewed(helm: Helm) -> None:
    for name, text in snapshots(helm).items():
        reviewed = (FOLDER / name).read_text(encoding="utf-8")
        assert text == reviewed, (
            f"{name}: python -m tests.charts.snapshots, and read the difference"
        )
