"""What a pool's Deployment looks like: pure builders, no cluster."""

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lexmill.jobs.schemas import LegalJobSpec
from lexmill_operator.deployments import (
    HASH_ANNOTATION,
    WorkerTemplate,
    build_deployment,
    read_deployment,
)
from lexmill_operator.kubernetes import Key
from lexmill_operator.scaling import pick_deletion_costs, workers_of

KEY = Key("team-a", "intake")
UID = "0b6a2f3e-6a3e-4c55-9a4e-3a8f3f6d2b11"
CHART: dict[str, Any] = {
    "metadata": {"labels": {"team": "platform"}},
    "spec": {
        "serviceAccountName": "lexmill-worker",
        "nodeSelector": {"pool": "any"},
        "containers": [
            {
                "name": "worker",
                "image": "lexmill-worker:1",
                "env": [
                    {"name": "LEXMILL_DATABASE__URL", "value": "postgresql+psycopg://db"},
                    {"name": "LEXMILL_WORKER__JOB", "value": "a chart must not choose it"},
                ],
                "resources": {"requests": {"cpu": "1"}},
            },
            {"name": "proxy", "image": "proxy:1"},
        ],
    },
}


def spec(**fields: Any) -> LegalJobSpec:
    return LegalJobSpec.model_validate({"trigger": {"filters": []}, **fields})


def build(
    wanted: LegalJobSpec,
    pool: str = "main",
    replicas: int = 1,
    chart: dict[str, Any] = CHART,
) -> dict[str, Any]:
    return build_deployment(
        KEY,
        UID,
        wanted,
        pool=pool,
        workers=workers_of(wanted)[pool],
        replicas=replicas,
        template=WorkerTemplate(chart, ocr_image="lexmill-worker-ocr:1"),
    )


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


def test_it_belongs_to_its_legaljob_and_is_deleted_with_it() -> None:
    (owner,) = build(spec())["metadata"]["ownerReferences"]

    assert (owner["kind"], owner["name"], owner["uid"]) == ("LegalJob", "intake", UID)
    assert owner["controller"]


def test_the_charts_template_stays_but_for_what_a_worker_must_be_told() -> None:
    deployment = build(spec(workers={"threads": 3}))
    environment = {each["name"]: each.get("value") for each in container(deployment)["env"]}

    assert deployment["spec"]["template"]["spec"]["serviceAccountName"] == "lexmill-worker"
    assert environment["LEXMILL_DATABASE__URL"] == "postgresql+psycopg://db"
    assert environment["LEXMILL_WORKER__JOB"] == UID
    assert environment["LEXMILL_WORKER__NAMESPACE"] == "team-a"
    assert environment["LEXMILL_WORKER__THREADS"] == "3"
    assert len(environment) == len(container(deployment)["env"])


def test_a_legaljob_sets_resources_labels_and_where_pods_run_and_nothing_else_changes() -> None:
    before = deepcopy(CHART)
    pod = build(
        spec(
            workers={
                "resources": {"limits": {"memory": "2Gi"}},
                "template": {
                    "labels": {"cost-centre": "legal"},
                    "nodeSelector": {"disk": "fast"},
                },
            }
        )
    )["spec"]["template"]

    assert pod["spec"]["containers"][0]["resources"] == {"limits": {"memory": "2Gi"}}
    assert pod["spec"]["nodeSelector"] == {"disk": "fast"}
    assert pod["metadata"]["labels"]["cost-centre"] == "legal"
    assert pod["metadata"]["labels"]["team"] == "platform"
    assert pod["metadata"]["labels"]["lexmill.io/pool"] == "main"
    assert pod["spec"]["containers"][1] == CHART["spec"]["containers"][1]
    assert before == CHART


def test_a_legaljobs_affinity_replaces_only_the_part_that_it_names() -> None:
    near, fast = {"required": ["the volume"]}, {"required": ["fast disks"]}
    chart = {**CHART, "spec": {**CHART["spec"], "affinity": {"podAffinity": near}}}
    wanted = spec(workers={"template": {"affinity": {"nodeAffinity": fast}}})

    pod = build(wanted, chart=chart)["spec"]["template"]["spec"]

    assert pod["affinity"] == {"podAffinity": near, "nodeAffinity": fast}


def test_a_worker_ends_its_visits_before_its_pod_is_killed() -> None:
    pod = build(spec())["spec"]["template"]["spec"]
    environment = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}

    assert pod["terminationGracePeriodSeconds"] > float(
        environment["LEXMILL_WORKER__GRACE_SECONDS"] or 0
    )


def test_the_pool_that_reads_images_gets_the_image_that_can() -> None:
    own_pool = spec(pools=[{"name": "scans", "stages": ["ocr"]}])

    assert container(build(own_pool, "scans"))["image"] == "lexmill-worker-ocr:1"
    assert container(build(own_pool, "main"))["image"] == "lexmill-worker:1"
    assert container(build(spec()))["image"] == "lexmill-worker-ocr:1"
    assert container(build(spec(skip=["ocr"])))["image"] == "lexmill-worker:1"


def test_passwords_are_a_secret_that_only_workers_read() -> None:
    wanted = spec(passwords={"secret": {"name": "pdf-passwords"}})
    pod = build(wanted)["spec"]["template"]["spec"]
    (mount,) = container(build(wanted))["volumeMounts"]
    environment = {each["name"]: each.get("value") for each in container(build(wanted))["env"]}

    assert pod["volumes"][0]["secret"]["secretName"] == "pdf-passwords"
    assert mount["readOnly"]
    assert environment["LEXMILL_WORKER__PASSWORDS_FOLDER"] == mount["mountPath"]
    assert "volumeMounts" not in pod["containers"][1]
    assert "volumes" not in build(spec())["spec"]["template"]["spec"]


def test_the_key_of_pseudonyms_is_a_secret_that_only_workers_read() -> None:
    wanted = spec(
        redaction={"keySecret": {"name": "pseudonym-key"}},
        passwords={"secret": {"name": "pdf-passwords"}},
    )
    pod = build(wanted)["spec"]["template"]["spec"]
    mounts = {each["name"]: each for each in container(build(wanted))["volumeMounts"]}
    volumes = {each["name"]: each["secret"]["secretName"] for each in pod["volumes"]}
    environment = {each["name"]: each.get("value") for each in container(build(wanted))["env"]}

    assert volumes == {"passwords": "pdf-passwords", "redaction-key": "pseudonym-key"}
    assert mounts["redaction-key"]["readOnly"]
    assert environment["LEXMILL_WORKER__REDACTION_KEY"] == mounts["redaction-key"]["mountPath"]
    assert "volumeMounts" not in pod["containers"][1]
    without = build(spec(redaction={"configMap": {"name": "terms"}}))
    assert "volumes" not in without["spec"]["template"]["spec"]


def test_the_hash_changes_exactly_when_something_wanted_changes() -> None:
    def hash_of(deployment: dict[str, Any]) -> str:
        found: str = deployment["metadata"]["annotations"][HASH_ANNOTATION]
        return found

    assert hash_of(build(spec())) == hash_of(build(spec(priority=3)))
    assert hash_of(build(spec())) != hash_of(build(spec(), replicas=2))
    assert hash_of(build(spec())) != hash_of(build(spec(workers={"threads": 2})))


def test_trouble_is_read_from_the_deployments_conditions() -> None:
    body = build(spec(), replicas=4)
    body["metadata"] |= {"uid": "d", "generation": 2}
    refused = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "x"}
    body["status"] = {"readyReplicas": 1, "observedGeneration": 1, "conditions": [refused]}

    seen = read_deployment(body)

    assert (seen.owner_uid, seen.replicas, seen.ready) == (UID, 4, 1)
    assert seen.trouble == ("FailedCreate", "x")


@given(
    costs=st.dictionaries(st.text(max_size=3), st.integers(0, 3)),
    busy=st.dictionaries(st.text(max_size=3), st.integers(1, 3)),
)
def test_after_the_writes_busy_pods_cost_more_than_idle_ones(
    costs: dict[str, int], busy: dict[str, int]
) -> None:
    written = pick_deletion_costs(costs, busy)
    after = costs | written

    assert set(after) == set(costs)
    assert all(after[pod] == busy.get(pod, 0) for pod in after)
    assert all(costs[pod] != cost for pod, cost in written.items())
