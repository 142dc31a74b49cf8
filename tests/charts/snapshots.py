"""What is installed by default and in production, and the pod of a worker: to be read in a review.

``python -m tests.charts.snapshots`` writes them anew.
"""

import re
import tempfile
from pathlib import Path

import yaml

from tests.charts.charts import MATRIX, Helm, worker_template
from tests.charts.programs import HELM

FOLDER = Path(__file__).parent / "snapshots"


def snapshots(helm: Helm) -> dict[str, str]:
    """The text of each file."""
    found = {}
    for values in MATRIX:
        if values.stem in {"default", "production"}:
            manifests = helm.render(values)
            lines = [
                f"{each['kind']} {each['metadata'].get('namespace', '')}/{each['metadata']['name']}"
                for each in manifests
            ]
            text = "".join(f"{line}\n" for line in sorted(lines))
            # Of what it does, which other tests look at.
            found[f"{values.stem}.txt"] = re.sub(r"-migrate-[0-9a-f]{10}", "-migrate-HASH", text)
            template = worker_template(manifests)
            found[f"{values.stem}-workers.yaml"] = yaml.safe_dump(template, sort_keys=False)
    return found


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        helm = Helm(HELM.binaries() / "helm", Path(home))
        for name, text in snapshots(helm).items():
            (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
