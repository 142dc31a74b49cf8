"""Options that many commands have, written once: as the fields of a dataclass."""

import sys
import uuid
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar, get_type_hints

import typer

from lexmill_cli.errors import CommandError, Exit

F = TypeVar("F", bound=Callable[..., None])


def command(app: typer.Typer, name: str | None = None) -> Callable[[F], F]:
    """As `app.command`; a parameter that is a dataclass stands for options, one for each field."""

    def register(function: F) -> F:
        groups: dict[str, type[Any]] = {}
        options: list[Parameter] = []
        for parameter in signature(function).parameters.values():
            if is_dataclass(parameter.annotation) and isinstance(parameter.annotation, type):
                groups[parameter.name] = parameter.annotation
            else:
                options.append(parameter.replace(kind=Parameter.KEYWORD_ONLY))
        for group in reversed(groups.values()):  # where the installation is, interests least
            options.extend(_options(group))

        def run(**given: Any) -> None:
            for parameter, group in groups.items():
                own = {field.name: given.pop(field.name) for field in fields(group)}
                given[parameter] = group(**own)
            try:
                function(**given)
                sys.stdout.flush()  # while Click still sees that nobody reads any more
            except KeyboardInterrupt:  # here, because Typer would end without a word
                raise CommandError(Exit.INTERRUPTED, "Stopped.") from None

        run.__signature__ = Signature(options)  # type: ignore[attr-defined]
        run.__doc__ = function.__doc__
        app.command(name or function.__name__)(run)
        return function

    return register


def moment(text: str) -> datetime:
    """What a person types is meant in their own time zone, unless it names one."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a time is written as 2026-01-31T09:30, or as a day") from None
    return given if given.tzinfo is not None else given.astimezone()


def identifier(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise typer.BadParameter(
            "an id is written as 01935a7c-5a00-7000-8000-3f2c5b9e1d04; lists show it"
        ) from None


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a day is written as 2026-01-31") from None


def _options(group: type[Any]) -> list[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
