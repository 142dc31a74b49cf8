"""Lock files of images follow pyproject.toml and requirements.lock; `make lock` makes them all."""

import pytest

from tests.images.locks import PROCESSES, ROOT, closure, read_lock

LOCKS = sorted(path.name for path in (ROOT / "images").glob("*.lock"))


def test_every_image_has_its_lock_file() -> None:
    assert sorted(f"{name}.lock" for name in (*PROCESSES, "postgres", "valkey", "build")) == LOCKS


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_has_what_its_extra_needs_and_nothing_else(process: str) -> None:
    locked = {each.name for each in read_lock(f"images/{process}.lock") if each.is_for_here}

    assert locked == closure(f"lexmill[{process}]") - {"lexmill"}, "run `make lock`"


@pytest.mark.parametrize("server", ["postgres", "valkey"])
def test_a_server_is_one_wheel(server: str) -> None:
    assert len(read_lock(f"images/{server}.lock")) == 1


def test_what_builds_is_all_there() -> None:
    locked = {each.name for each in read_lock("images/build.lock")}

    assert {"hatchling", "cyclonedx-bom"} <= locked
    assert closure("hatchling") <= locked


@pytest.mark.parametrize("lock", LOCKS)
def test_images_have_the_versions_that_tests_ran_with(lock: str) -> None:
    tested = {(each.name, each.version): each for each in read_lock("requirements.lock")}
    names = {name for name, _ in tested}
    known = [each for each in read_lock(f"images/{lock}") if each.name in names]

    assert known or lock == "build.lock"
    for each in known:
        assert (each.name, each.version) in tested, f"{each.name} {each.version}: run `make lock`"
        assert each.hashes == tested[each.name, each.version].hashes, each.name


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_is_pinned_by_hash_and_comes_from_no_address_of_ours(lock: str) -> None:
    assert all(each.hashes for each in read_lock(f"images/{lock}"))
    text = (ROOT / "images" / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "index-url" not in text


@pytest.mark.parametrize("process", PROCESSES)
def test_only_what_tests_ran_with_runs(process: str) -> None:
    tested = {each.name for each in read_lock("requirements.lock")}

    assert {each.name for each in read_lock(f"images/{process}.lock")} <= tested


def test_only_readers_of_documents_carry_their_libraries() -> None:
    heavy = {"lxml", "numpy", "openpyxl", "pypdfium2", "scikit-learn", "scipy", "selectolax"}
    for process in ("api", "operator", "migrate"):
        assert not heavy & {each.name for each in read_lock(f"images/{process}.lock")}, process
    control_plane_free = {"sqlalchemy", "psycopg", "dramatiq", "redis", "obstore"}
    operator = {each.name for each in read_lock("images/operator.lock")}
    assert not control_plane_free & operator
