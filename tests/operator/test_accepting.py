"""A LegalJob is taken, or is told why not, and is taken once that is mended."""

import time
from typing import Any

import httpx

from lexmill_migrations.logins import add_tenant
from tests.logins import PASSWORD
from tests.operator.installation import Installation
from tests.operator.legaljobs import (
    NAME,
    SOURCE,
    await_accepted,
    await_condition,
    change,
    condition,
    create,
    declarations,
    patch,
    share,
)
from tests.processes import TOKEN, OurProcess, until

OTHER = "3f0c3c8e-6a39-4c58-9d1c-0d6f6c2b7f10"


def test_a_taken_job_says_so_with_one_event(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    create(installation, namespace)
    share(installation, namespace)
    await_accepted(installation, namespace)

    assert installation.condition(namespace, NAME, "Accepted") == ("True", "Accepted")
    until(lambda: "Accepted" in installation.events(namespace, NAME))
    assert installation.events(namespace, NAME).count("Accepted") == 1


def test_what_the_api_refuses_is_told_and_taken_once_it_is_mended(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    share(installation, namespace)
    create(installation, namespace, schedule={"cron": "0 0 31 2 *"})
    refused = await_condition(installation, namespace, "Accepted", "False", "NeverTicks")
    assert refused["message"] == "spec.schedule.cron names a time that never comes"
    until(lambda: "NotAccepted" in installation.events(namespace, NAME))
    assert installation.deployment(namespace, f"{NAME}-main") is None

    change(installation, namespace, spec={"schedule": {"cron": "0 0 28 2 *"}})
    await_accepted(installation, namespace)
    until(lambda: installation.events(namespace, NAME)[-1:] == ["Accepted"])


def test_a_change_that_the_api_refuses_leaves_the_job_as_it_was_declared(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    share(installation, namespace)
    create(installation, namespace, schedule={"cron": "0 6 * * *"})
    await_accepted(installation, namespace)

    change(installation, namespace, spec={"schedule": {"cron": "0 0 30 2 *"}})
    await_condition(installation, namespace, "Accepted", "False", "NeverTicks")
    assert cron(installation, namespace) == "0 6 * * *"
    assert declarations(installation, namespace) == 1

    change(installation, namespace, spec={"schedule": {"cron": "0 7 * * *"}})
    await_accepted(installation, namespace)
    assert cron(installation, namespace) == "0 7 * * *"


def test_other_documents_are_refused_even_while_the_job_is_not_accepted(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    share(installation, namespace)
    create(installation, namespace, schedule={"cron": "0 6 * * *"})
    await_accepted(installation, namespace)
    change(installation, namespace, spec={"schedule": {"cron": "0 0 30 2 *"}})
    await_condition(installation, namespace, "Accepted", "False", "NeverTicks")

    other = {"documents": [{"uri": "s3://elsewhere/"}], "schedule": {"cron": "0 6 * * *"}}
    change(installation, namespace, spec=other)  # Kubernetes takes it: see the CRD's rule
    refused = await_condition(installation, namespace, "Accepted", "False", "Immutable")
    assert "make a new job" in refused["message"]
    change(installation, namespace, spec=SOURCE)
    await_accepted(installation, namespace)
    assert declarations(installation, namespace) == 1


def test_places_outside_of_the_namespace_s_prefixes_are_refused_until_they_are_opened(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    """What is read and what is written; the sentence says what is open, and to whom to turn."""
    database = installation.settings.database_url
    add_tenant(
        database,
        namespace=namespace,
        password=PASSWORD,
        reads=["s3://acme-in/"],
        writes=["s3://acme-out/"],
    )
    share(installation, namespace)
    create(installation, namespace, output={"uri": "s3://acme-in/reports/"})
    refused = await_condition(installation, namespace, "Accepted", "False", "UriNotAllowed")
    assert "may write only beneath s3://acme-out/" in refused["message"]
    assert "s3://acme-in" not in refused["message"]
    until(lambda: "NotAccepted" in installation.events(namespace, NAME))
    assert declarations(installation, namespace) == 0
    assert installation.deployment(namespace, f"{NAME}-main") is None
    create(installation, namespace, "reading", documents=[{"uri": "s3://acme-in-2/"}])
    query = "SELECT FROM job WHERE namespace = %s"
    refused = await_condition(
        installation, namespace, "Accepted", "False", "UriNotAllowed", name="reading"
    )
    assert "may read only beneath s3://acme-in/" in refused["message"]
    assert installation.rows(query, namespace) == []

    change(installation, namespace, spec={"output": {"uri": "s3://acme-out/reports/"}})
    await_accepted(installation, namespace)


def cron(installation: Installation, namespace: str) -> str:
    query = "SELECT spec -> 'schedule' ->> 'cron' FROM job WHERE namespace = %s"
    return str(installation.rows(query, namespace)[0][0])


def test_a_name_that_belongs_to_somebody_else_is_taken_only_once_they_give_it_up(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    share(installation, namespace)
    other = {"uid": OTHER, "name": NAME, "owner": "api", "generation": 1}
    send(installation, namespace, "declared", {**other, "spec": {"trigger": {}}})
    create(installation, namespace)

    refused = await_condition(installation, namespace, "Accepted", "False", "NameTaken")
    assert "owned by api" in refused["message"]
    owners = installation.rows("SELECT owner FROM job WHERE namespace = %s", namespace)
    assert owners == [("api",)]

    send(installation, namespace, "cancelled", {"uid": OTHER, "reason": "deleted"})
    change(installation, namespace, spec={"workers": {"maxReplicas": 3}})  # else in a minute
    await_accepted(installation, namespace)


def send(installation: Installation, namespace: str, verb: str, data: dict[str, Any]) -> None:
    event = {
        "specversion": "1.0",
        "id": verb,
        "source": "/tests",
        "type": f"io.lexmill.job.{verb}.v1",
        "data": data,
    }
    httpx.post(
        f"{installation.api_url}/ns/{namespace}/events",
        json=event,
        headers={
            "content-type": "application/cloudevents+json",
            "authorization": f"Bearer {TOKEN}",
        },
    ).raise_for_status()


def test_a_missing_config_map_is_named_and_its_coming_is_enough(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    share(installation, namespace)
    playbook = {"configMap": {"name": "house-rules", "key": "playbook.yaml"}}
    create(installation, namespace, playbook=playbook)

    refused = await_condition(installation, namespace, "Accepted", "False", "ConfigMapMissing")
    assert "house-rules" in refused["message"]

    share(installation, namespace, "house-rules", {"playbook.yaml": "rules: []\n"})
    await_accepted(installation, namespace)


def test_a_config_map_that_was_not_meant_for_lexmill_is_not_read(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    share(installation, namespace, labels={"app": "something"})
    create(installation, namespace)

    refused = await_condition(installation, namespace, "Accepted", "False", "ConfigMapNotShared")
    assert "lexmill.io/legaljob-input=true" in refused["message"]
    assert installation.rows("SELECT uid FROM job WHERE namespace = %s", namespace) == []

    label = {"metadata": {"labels": {"lexmill.io/legaljob-input": "true"}}}
    patch(installation, f"/api/v1/namespaces/{namespace}/configmaps/texts", label)
    await_accepted(installation, namespace)


def test_a_config_map_of_another_namespace_does_not_count(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    share(installation, installation.system, data={"secret.txt": "Nobody's business."})
    create(installation, namespace)

    await_condition(installation, namespace, "Accepted", "False", "ConfigMapMissing")
    share(installation, namespace)
    await_accepted(installation, namespace)
    stored = "SELECT config_maps::text FROM job WHERE namespace = %s"
    assert "Nobody" not in installation.rows(stored, namespace)[0][0]


def test_an_edited_config_map_is_declared_once_with_its_new_text(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    share(installation, namespace)
    share(installation, namespace, "house-rules", {"playbook.yaml": "rules: [] # old\n"})
    playbook = {"configMap": {"name": "house-rules", "key": "playbook.yaml"}}
    create(installation, namespace, playbook=playbook)
    await_accepted(installation, namespace)

    text = {"data": {"playbook.yaml": "rules: [] # new\n"}}
    patch(installation, f"/api/v1/namespaces/{namespace}/configmaps/house-rules", text)
    stored = "SELECT config_maps::text FROM job WHERE namespace = %s"
    until(lambda: "# new" in installation.rows(stored, namespace)[0][0])
    assert declarations(installation, namespace) == 2
    tasks = "SELECT kind FROM task WHERE namespace = %s"
    assert installation.rows(tasks, namespace) == [("expand",)]


def test_every_answer_names_the_generation_it_is_about_and_the_time_of_its_change(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    share(installation, namespace)
    create(installation, namespace)
    await_accepted(installation, namespace)
    before = condition(installation, namespace, "Accepted")
    until(lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) > before["lastTransitionTime"])

    change(installation, namespace, spec={"priority": 7, "suspend": True})
    suspended = await_condition(installation, namespace, "Suspended", "True")

    status = installation.status(namespace, NAME)
    assert status["observedGeneration"] == 2
    assert {each["observedGeneration"] for each in status["conditions"]} == {2}
    after = condition(installation, namespace, "Accepted")
    assert after == {**before, "observedGeneration": 2}
    assert suspended["lastTransitionTime"] > before["lastTransitionTime"]
