import pytest

from tests.checks.licences import BANNED, EXCEPTIONS, LOCK, locked_names, objection


def test_every_exception_is_still_needed() -> None:
    assert set(EXCEPTIONS) <= set(locked_names(LOCK.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", sorted(BANNED))
def test_a_banned_package_is_refused_by_its_name(name: str) -> None:
    assert objection(name) == f"{name} is banned: {BANNED[name]}"


def test_a_restricted_licence_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.checks.licences.EXCEPTIONS", {})
    assert "not permissive" in (objection("dramatiq") or "")
    assert objection("msgspec") is None
