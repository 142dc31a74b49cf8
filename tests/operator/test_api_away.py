"""Lexmill's API does not answer when the operator starts."""

from collections.abc import Iterator
from contextlib import contextmanager

from lexmill_cli.local.processes import free_port
from tests.operator.installation import Installation
from tests.operator.legaljobs import (
    NAME,
    await_accepted,
    await_condition,
    change,
    create,
    declarations,
    share,
)
from tests.processes import until

ADDRESS = {"LEXMILL_OPERATOR__PUBLIC_API_URL": "https://lexmill.example"}


@contextmanager
def operator_without_api(installation: Installation) -> Iterator[int]:
    """Gives the port at which it looks for one."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with installation.running_operator(LEXMILL_OPERATOR__API_URL=url, **ADDRESS):
        yield port


def test_nobody_knows_whether_a_new_job_is_accepted_until_the_api_is_there(
    installation: Installation, namespace: str
) -> None:
    share(installation, namespace)
    with operator_without_api(installation) as port:
        create(installation, namespace)
        unknown = await_condition(installation, namespace, "Accepted", "Unknown", "ApiUnavailable")
        assert "(api_away); it tries again" in unknown["message"]
        with installation.running_api("late-api", port):
            await_accepted(installation, namespace)
    assert declarations(installation, namespace) == 1


def test_what_is_told_of_other_jobs_stays_as_it_is(
    installation: Installation, namespace: str
) -> None:
    share(installation, namespace)
    with installation.running_operator(**ADDRESS):
        create(installation, namespace, "old", trigger={})
        create(installation, namespace, trigger={})
        for name in ("old", NAME):
            await_accepted(installation, namespace, name)
        until(lambda: "documents" in installation.status(namespace, "old"))
    before = installation.legaljob(namespace, "old")

    with operator_without_api(installation) as port:
        change(installation, namespace, spec={"priority": 3})
        await_condition(installation, namespace, "Accepted", "Unknown", "ApiUnavailable")
        with installation.running_api("late-api", port):
            await_accepted(installation, namespace)
            until(lambda: declarations(installation, namespace) == 3)
    assert installation.legaljob(namespace, "old") == before
