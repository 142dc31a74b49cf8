"""`lexmill tokens`: what programs without an identity of their own come with."""

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

import typer

from lexmill.access.schemas import TokenRecord
from lexmill_cli.connecting import Installation
from lexmill_cli.options import command, identifier
from lexmill_cli.showing import AsJson, Cut, say, show_json, show_list, show_one

app = typer.Typer(no_args_is_help=True, help="Tokens of programs: issue, list and revoke them.")


class Role(StrEnum):
    READER = "reader"
    REVIEWER = "reviewer"
    SUBMITTER = "submitter"
    ADMIN = "admin"


@command(app, "list")
def list_tokens(
    at: Installation,
    cut: Cut,
    state: Annotated[
        Literal["good", "ended"] | None, typer.Option(help="That are good, or no longer.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="With this name.")] = None,
) -> None:
    """Tokens without their secrets; revoked and expired ones too."""
    with at.client() as client:
        show_list(
            client.tokens.list(at.namespace, sort=cut.sort, state=state, name=name),
            {
                "Id": lambda token: token.id,
                "Name": lambda token: token.name,
                "Roles": lambda token: ", ".join(token.roles),
                "State": _state,
                "Expires": lambda token: token.expires_at,
            },
            cut,
            more={
                "Issued": lambda token: token.created_at,
                "By": lambda token: token.created_by,
                "Revoked": lambda token: token.revoked_at,
            },
            nothing="There is no such token.",
        )


@command(app)
def issue(
    at: Installation,
    name: Annotated[str, typer.Argument(help="What it is for.")],
    role: Annotated[list[Role], typer.Option(help="What it may do; several times.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="Until it expires.")] = 90,
    as_json: AsJson = False,
) -> None:
    """A new token: its secret is printed now, and never again."""
    with at.client() as client:
        issued = client.tokens.issue(at.namespace, name=name, roles=role, days=days)
    if as_json:
        show_json(issued)
        return
    typer.echo(issued.secret)
    say(f"It is good until {issued.token.expires_at.astimezone():%Y-%m-%d %H:%M}. Keep it now.")


@command(app)
def revoke(
    at: Installation,
    token_id: Annotated[uuid.UUID, typer.Argument(parser=identifier, help="Id of `tokens list`.")],
    as_json: AsJson = False,
) -> None:
    """End it; every process knows within ten seconds."""
    with at.client() as client:
        revoked = client.tokens.revoke(at.namespace, token_id)
    show_one(
        revoked,
        {
            "Id": revoked.id,
            "Name": revoked.name,
            "Revoked": revoked.revoked_at,
            "By": revoked.revoked_by,
        },
        as_json=as_json,
    )


def _state(token: TokenRecord) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at <= datetime.now(UTC) else "good"
