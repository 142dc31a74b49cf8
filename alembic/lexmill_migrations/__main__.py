"""What the owner of the database does; the URL is that of LEXMILL_DATABASE__URL.

python -m lexmill_migrations                       bring the schema up to date
python -m lexmill_migrations login ingest|api      make a login for the API's process
python -m lexmill_migrations tenant add NAMESPACE  make a login for a namespace's workers
python -m lexmill_migrations wait                  until the schema is up to date, for who needs it
"""

import argparse
import os
import secrets
import sys
from pathlib import Path

import psycopg
from sqlalchemy.exc import SQLAlchemyError

import lexmill_migrations
from lexmill.errors import LexmillError
from lexmill.tenancy.roles import tenant_role
from lexmill_migrations import logins, waiting


def main(words: list[str] | None = None) -> int:
    arguments = _parser().parse_args(words)
    url = os.environ.get("LEXMILL_DATABASE__URL")
    if not url:
        sys.stderr.write("lexmill-migrations: LEXMILL_DATABASE__URL is not set\n")
        return 2
    try:
        _do(url, arguments)
    except LexmillError as error:
        sys.stderr.write(f"lexmill-migrations: {error.message}\n")
        return 1
    except (SQLAlchemyError, psycopg.OperationalError, OSError) as error:
        sys.stderr.write(f"lexmill-migrations: {type(error).__name__}: is the database there?\n")
        return 1
    return 0


def _do(url: str, arguments: argparse.Namespace) -> None:
    what = arguments.command, getattr(arguments, "action", None)
    if what == ("tenant", "add"):
        role = tenant_role(arguments.namespace)
        password, keep = _password(arguments.password_file)
        made = logins.add_tenant(
            url,
            namespace=arguments.namespace,
            password=password,
            keep=keep,
            reads=arguments.read,
            writes=arguments.write,
        )
        _tell(url, role, password, made=made, keep=keep)
    elif what == ("tenant", "remove"):
        if not logins.remove_tenant(url, namespace=arguments.namespace):
            raise LexmillError("unknown_tenant", "there is no tenant of this namespace")
    elif what == ("tenant", "list"):
        for tenant in logins.list_tenants(url):
            reads, writes = (
                "anything" if each is None else " ".join(each) or "nothing"
                for each in (tenant.reads, tenant.writes)
            )
            sys.stdout.write(f"{tenant.namespace}\t{tenant.role}\treads {reads}\twrites {writes}\n")
    elif arguments.command == "login":
        name = arguments.name or arguments.service
        password, keep = _password(arguments.password_file)
        made = logins.add_service(
            url, service=arguments.service, name=name, password=password, keep=keep
        )
        _tell(url, name, password, made=made, keep=keep)
    elif arguments.command == "wait":
        waiting.wait(url, until=arguments.until, seconds=arguments.seconds, tell=_say)
    elif not lexmill_migrations.upgrade(url):
        _say("the database is of a newer version, which serves this one too: left as it is")


def _say(line: str) -> None:
    sys.stderr.write(f"lexmill-migrations: {line}\n")


def _password(file: Path | None) -> tuple[str, bool]:
    """One that was given is set; one that we made is only for a login that has none."""
    if file is None:
        return secrets.token_urlsafe(32), True
    return file.read_text(encoding="utf-8").strip(), False


def _tell(url: str, role: str, password: str, *, made: bool, keep: bool) -> None:
    """The URL goes to stdout, once: a password that we made is nowhere else."""
    if made and keep:
        sys.stdout.write(f"{logins.url_as(url, role=role, password=password)}\n")
    else:
        sys.stderr.write(f"lexmill-migrations: the login {role} is there\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lexmill_migrations",
        description=(__doc__ or "").partition("\n")[0],
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("upgrade", help="bring the schema up to date (the default)")
    wait = commands.add_parser("wait", help="return once the database is as it has to be")
    wait.add_argument(
        "--for",
        dest="until",
        choices=sorted(waiting.STATES),
        default="schema",
        help="`server`: it answers this login; `schema`: it is up to date as well (the default)",
    )
    wait.add_argument("--seconds", type=float, default=600, help="so long at most (600)")
    login = commands.add_parser("login", help="make a login for ingest or for REST")
    login.add_argument("service", choices=sorted(logins.SERVICES))
    login.add_argument("--name", help="default: the service's")
    tenant = commands.add_parser("tenant", help="logins of namespaces' workers")
    actions = tenant.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make or change one")
    add.add_argument("namespace")
    for word in ("read", "write"):
        add.add_argument(
            f"--{word}",
            action="append",
            metavar="URI",
            help=f"a prefix of what it may {word}; `any` lifts the limit, none leaves it as it is",
        )
    actions.add_parser("list", help="all of them")
    actions.add_parser("remove", help="take one's login away").add_argument("namespace")
    for each in (login, add):
        each.add_argument(
            "--password-file",
            type=Path,
            help="default: one is made and printed with the URL",
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
