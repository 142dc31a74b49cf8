"""Every process runs with what its own lock file has: no library comes from somewhere else."""

import json
import subprocess
from pathlib import Path

import httpx
import pytest
import yaml

from lexmill_cli.local.postgres import PostgresServer
from lexmill_cli.local.processes import free_port
from lexmill_cli.local.valkey import ValkeyServer
from lexmill_legal.result_lines import read_result
from tests.api.asking import connected
from tests.images.locks import PROCESSES, ROOT, python_with
from tests.operator.installation import POD_TEMPLATE
from tests.processes import OurProcess, Settings, running, running_api, running_worker, until
from tests.servers import temporary_database

IMPORT_ALL = """
import importlib, json, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if module.name == "lexmill_migrations.env":
        continue  # Alembic runs it, and only there
    importlib.import_module(module.name)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture(scope="module")
def pythons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        process: python_with(f"images/{process}.lock", tmp_path_factory.mktemp(process))
        for process in PROCESSES
    }


def test_a_library_of_others_is_not_there(pythons: dict[str, Path]) -> None:
    found = subprocess.run(
        [pythons["operator"], "-c", "import sqlalchemy"], capture_output=True, check=False
    )

    assert b"No module named 'sqlalchemy'" in found.stderr


@pytest.mark.parametrize("process", PROCESSES)
def test_all_its_modules_are_imported_without_others(
    pythons: dict[str, Path], process: str
) -> None:
    found = subprocess.run(
        [pythons[process], "-c", IMPORT_ALL, PROCESSES[process]],
        capture_output=True,
        check=False,
        text=True,
    )

    assert found.returncode == 0, found.stderr
    assert f"{PROCESSES[process]}.__main__" in json.loads(found.stdout)


def test_a_job_runs_from_an_empty_database_to_its_reports(
    pythons: dict[str, Path], postgres: PostgresServer, valkey: ValkeyServer, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    samples = ROOT / "samples" / "contracts"
    with temporary_database(postgres) as url:
        subprocess.run(
            [pythons["migrate"], "-m", "lexmill_migrations"],
            env={"LEXMILL_DATABASE__URL": url},
            check=True,
        )
        roots = json.dumps([str(tmp_path), str(samples)])
        settings = Settings(url, valkey.url, tmp_path, {"LEXMILL_STORAGE__FILE_ROOTS": roots})
        with (
            running_api(settings, python=pythons["api"]) as process,
            connected(process, settings) as api,
        ):
            uid = api.declare(
                "whole",
                documents=[{"uri": f"{samples.as_uri()}/"}],
                output={"uri": out.as_uri(), "formats": ["json", "xlsx", "html", "ics"]},
            )
            with running_worker(settings, "whole", uid, python=pythons["worker"]) as worker:
                until(lambda: list(out.rglob("results.jsonl")), seconds=180)
                assert worker.stop() == 0
            assert api.get("/v1/namespaces/whole/documents?limit=5").status_code == 200
            assert process.stop() == 0

    (results,) = out.rglob("results.jsonl")
    lines = results.read_bytes().splitlines()
    assert {read_result(line).status for line in lines} == {"succeeded"}
    assert {path.suffix for path in results.parent.iterdir()} >= {".xlsx", ".html", ".ics"}


def test_an_operator_starts_and_waits_for_its_cluster(
    pythons: dict[str, Path], tmp_path: Path
) -> None:
    """The rest of what it imports is above; its work has tests at a real control plane."""
    for name, content in {
        "kubeconfig": yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "none", "cluster": {"server": "http://127.0.0.1:1"}}],
                "users": [{"name": "none", "user": {"token": "none"}}],
                "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
                "current-context": "none",
            }
        ),
        "template": yaml.safe_dump(POD_TEMPLATE),
        "token": "none",
    }.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    port = free_port()
    with running(
        Settings("", "", tmp_path, {}),
        "lexmill_operator",
        "operator",
        f"http://127.0.0.1:{port}",
        python=pythons["operator"],
        KUBECONFIG=str(tmp_path / "kubeconfig"),
        LEXMILL_OPERATOR__API_URL="http://127.0.0.1:1",
        LEXMILL_OPERATOR__TOKEN_FILE=str(tmp_path / "token"),
        LEXMILL_OPERATOR__POD_TEMPLATE=str(tmp_path / "template"),
        LEXMILL_TELEMETRY__METRICS_PORT=str(port),
    ) as operator:
        until(lambda: _serves(operator))
        assert "lexmill_operator_is_leader 0.0" in operator.get("/metrics").text
        assert operator.stop() == 0


def _serves(process: OurProcess) -> bool:
    assert process.process.poll() is None, process.log.read_text(encoding="utf-8")[-3000:]
    try:
        return process.get("/livez").is_success
    except httpx.HTTPError:
        return False
