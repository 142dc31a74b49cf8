"""Whatever the client can do, a command does."""

import ast
import inspect
from pathlib import Path

import typer

import lexmill_cli
from lexmill.client.api import ApiClient
from lexmill_cli.main import app

NOT_FOR_PEOPLE = {
    "declare": "control events are sent by `lexmill run` and the operator, as part of their work",
    "cancel": "as declare",
    "demand": "the scalers' feed",
    "is_ready": "asked before a command begins",
    "jobs.find": "`jobs get`, for programs that expect nothing to be there",
    "live.watch": "one method, called for jobs and for documents",
}


def methods() -> set[str]:
    """As they are called on a client: `jobs.list`, `statistics`."""
    client = ApiClient("http://127.0.0.1:9", token="none", source="/tests")
    resources = {name: value for name, value in vars(client).items() if not name.startswith("_")}
    own = {
        name
        for name, _ in inspect.getmembers(ApiClient, inspect.isfunction)
        if not name.startswith("_")
    }
    return own | {
        f"{resource}.{name}"
        for resource, value in resources.items()
        for name, _ in inspect.getmembers(type(value), inspect.isfunction)
        if not name.startswith("_")
    }


def called() -> set[str]:
    """Whatever is called on something named `client`, or handed on as a method of a class."""
    folder = Path(lexmill_cli.__file__).parent
    found: set[str] = set()
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                words = ast.unparse(node).split(".")
                if "client" in words:
                    found.add(".".join(words[words.index("client") + 1 :]))
                elif words[0] == "Jobs":
                    found.add(f"jobs.{words[1]}")
    return found


def test_every_method_has_its_command() -> None:
    assert methods() - called() - NOT_FOR_PEOPLE.keys() == set()
    assert NOT_FOR_PEOPLE.keys() <= methods()


def commands(group: typer.Typer, *words: str) -> dict[str, typer.models.CommandInfo]:
    found = {
        " ".join((*words, str(each.name or (each.callback and each.callback.__name__)))): each
        for each in group.registered_commands
    }
    for each in group.registered_groups:
        assert each.typer_instance is not None
        found |= commands(each.typer_instance, *words, str(each.name))
    return found


def test_every_list_is_cut_sorted_and_written_alike() -> None:
    lists = {name: each for name, each in commands(app).items() if name.endswith(" list")}
    assert len(lists) >= 12
    for name, each in lists.items():
        assert each.callback is not None
        given = inspect.signature(each.callback).parameters
        wanted = {"limit", "everything", "sort", "wide", "as_json", "url", "token_file"}
        assert wanted <= given.keys(), name


def test_every_command_says_what_it_does() -> None:
    for name, each in commands(app).items():
        assert each.callback is not None
        assert each.callback.__doc__, name
