"""`lexmill run` on a bucket that cannot be read: what is wrong is said, or what is waited for."""

import signal
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread

import pytest
from rich.console import Console

from lexmill.jobs.schemas import DocumentCounts
from lexmill_cli.declaring import LocalJob, job_of_paths
from lexmill_cli.display import Display
from lexmill_cli.errors import Exit
from lexmill_cli.local.processes import free_port
from lexmill_cli.main import main
from lexmill_cli.stores import Stores
from tests.cli.reporting import progress
from tests.objectserver.versitygw import ObjectServer, running_object_server
from tests.system.commands import Workplace, contract, until, workplace

Run = Callable[[str], tuple[int, str]]
"""Of a bucket of its own each: a process keeps what it opened, with the settings of then."""


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Run]:
    """`lexmill run`, which ends before it starts anything: its code and the one sentence."""
    monkeypatch.chdir(tmp_path)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def run(uri: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["lexmill", "run", uri])
        with pytest.raises(SystemExit) as caught:
            main()
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.count("\n") == 1
        assert not (tmp_path / ".lexmill").exists()
        return int(caught.value.code or 0), output.err

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def refusing() -> Iterator[str]:
    """A store that denies access to everything."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = b"<Error><Code>AccessDenied</Code><Message>No.</Message></Error>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = answer  # noqa: N815 - as the library calls them

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_a_bucket_that_is_not_there(object_server: ObjectServer, run: Run) -> None:
    code, said = run("s3://no-such-bucket/in/")
    assert code == Exit.MISUSE
    assert f"there is no bucket no-such-bucket at {object_server.url}" in said


def test_access_that_is_denied(
    object_server: ObjectServer, refusing: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", refusing)
    code, said = run("s3://denied/in/")
    assert code == Exit.MISUSE
    assert f"s3://denied/in/: access is denied at {refusing}" in said


def test_a_wrong_secret_is_not_repeated(
    object_server: ObjectServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-one")
    code, said = run(f"s3://{object_server.bucket().name}/in/")
    assert code == Exit.MISUSE
    assert "SignatureDoesNotMatch" in said
    assert "not-the-one" not in said
    assert object_server.access_key not in said


def test_a_name_that_nobody_knows(
    object_server: ObjectServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://user:secret@store.invalid:9000/x?y=secret")
    code, said = run("s3://unknown/in/")
    assert code == Exit.UNAVAILABLE
    assert "the name store.invalid cannot be resolved" in said
    assert "secret" not in said


def test_an_address_where_nothing_listens(
    object_server: ObjectServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    code, said = run("s3://contracts/in/")
    assert code == Exit.UNAVAILABLE
    assert f"nothing listens at {url}" in said


def test_a_bucket_without_a_name(run: Run) -> None:
    code, said = run("s3:///in/")
    assert (code, "s3://bucket/folder/" in said) == (Exit.MISUSE, True)


def test_a_store_of_another_kind(run: Run) -> None:
    code, said = run("gs://contracts/in/")
    assert (code, "s3://bucket/folder/" in said) == (Exit.MISUSE, True)


@pytest.fixture
def server(object_server_binaries: Path, tmp_path: Path) -> Iterator[ObjectServer]:
    """One to stop."""
    folder = tmp_path / "store"
    folder.mkdir()
    with (
        running_object_server(object_server_binaries, folder) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server


def bucket_job(uri: str, folder: Path) -> LocalJob:
    return job_of_paths([uri], playbook_file=None, out=folder / "out", max_workers=1)


@pytest.mark.servers
def test_an_outage_is_told_once_and_its_end_too(server: ObjectServer, tmp_path: Path) -> None:
    bucket = server.bucket()
    (bucket / "a.txt").write_text(contract(1))
    text = StringIO()
    job = bucket_job(f"s3://{bucket.name}/a.txt", tmp_path)
    stores = Stores([job], Display(Console(file=text)), patience_seconds=0)
    stores.check()
    stuck = progress(documents=DocumentCounts(total=2, queued=2))
    stores.watch([stuck])
    stores.watch([stuck])
    assert text.getvalue() == ""
    server.stop()
    for _ in range(3):
        stores.watch([stuck])
    said = " ".join(text.getvalue().split())
    assert said == (
        f"Waiting for the object store at {server.url} (bucket {bucket.name}): nothing listens "
        "there. The run goes on once it answers."
    )
    server.start()
    for _ in range(3):
        stores.watch([stuck])
    said = " ".join(text.getvalue().split()).removeprefix(said).strip()
    assert said == f"The object store at {server.url} (bucket {bucket.name}) answers again."


@pytest.mark.servers
def test_while_documents_end_nothing_is_asked(server: ObjectServer, tmp_path: Path) -> None:
    text = StringIO()
    job = bucket_job(f"s3://{server.bucket().name}/", tmp_path)
    stores = Stores([job], Display(Console(file=text)), patience_seconds=0)
    server.stop()
    for done in range(3):
        stores.watch([progress(documents=DocumentCounts(total=9, succeeded=done))])
    assert text.getvalue() == ""


@pytest.mark.servers
@pytest.mark.system
def test_a_run_waits_for_a_store_and_goes_on(server: ObjectServer, tmp_path: Path) -> None:
    """First silent, then gone, then back."""
    bucket = server.bucket()
    (bucket / "in").mkdir()
    (bucket / "in" / "a.txt").write_text(contract(1))
    with workplace(tmp_path / "place") as place:
        server.signal(signal.SIGSTOP)
        with place.started("run", f"s3://{bucket.name}/in/", "--json") as command:
            waiting = f"Waiting for the object store at {server.url} (bucket {bucket.name})"
            until(lambda: waiting in command.stderr, seconds=20)
            until(lambda: _expanding(place))
            server.stop()
            server.start()
            ended = command.wait()
        assert ended.code == 0, ended.stderr
        assert ended.answer["documents"]["succeeded"] == 1
        assert ended.stderr.count(waiting) == 1
        assert (place.folder / "lexmill-results" / "in" / "results.jsonl").exists()


def _expanding(place: Workplace) -> bool:
    try:
        return bool(place.ask("SELECT 1 FROM task WHERE kind = 'expand' AND state = 'running'"))
    except Exception:  # noqa: BLE001 - as long as nobody can be asked
        return False
