"""What is remembered of Deployments, whichever of its two sources is the faster."""

from dataclasses import replace

from lexmill_operator.deployments import SeenDeployment
from lexmill_operator.watching import SeenDeployments

MADE = SeenDeployment(
    namespace="team-a",
    name="intake-main",
    legaljob="intake",
    uid="first",
    owner_uid="job",
    generation=1,
    applied_hash="",
    replicas=1,
    ready=0,
    trouble=None,
)


def found(seen: SeenDeployments) -> str | None:
    one = seen.find("team-a", "intake-main")
    return None if one is None else one.uid


def test_one_that_went_before_the_answer_to_its_making_was_read_is_gone() -> None:
    """Else it would count as there, and nothing would make it again."""
    seen = SeenDeployments()
    seen.drop(MADE)
    seen.keep(MADE)
    assert found(seen) is None


def test_the_end_of_an_earlier_one_does_not_take_the_next_one_away() -> None:
    seen = SeenDeployments()
    seen.keep(replace(MADE, uid="second"))
    seen.drop(MADE)
    assert found(seen) == "second"
    seen.drop(replace(MADE, uid="second"))
    assert found(seen) is None
