"""What docs/install.md promises: install, apply the sample, see it done."""

from pathlib import Path

from tests.cluster.release import Release
from tests.processes import until

BATCH = Path(__file__).parents[2] / "manifests" / "samples" / "batch.yaml"


def test_the_sample_scales_workers_from_zero_and_back_and_its_results_are_there(
    lexmill: Release,
) -> None:
    lexmill.kubectl("apply", "--filename", str(BATCH))

    until(lambda: lexmill.replicas("sample-batch") > 0)
    until(lambda: lexmill.is_true("sample-batch", "Complete"), seconds=120)
    until(lambda: lexmill.replicas("sample-batch") == 0, seconds=120)
    assert lexmill.documents("sample-batch") == {
        "listed": 4,
        "total": 4,
        "queued": 0,
        "running": 0,
        "succeeded": 4,
        "failed": 0,
        "dead": 0,
    }
    assert lexmill.state_counts("sample-batch") == {"succeeded": 4}
