"""The logins that Lexmill's processes have in a cluster, for a test's database."""

from lexmill.tenancy.roles import tenant_role
from lexmill_migrations import logins

PASSWORD = "a-password-that-only-tests-know"


def service_url(url: str, service: str) -> str:
    """``url`` is the owner's; logins belong to the whole server, so tests share them."""
    logins.add_service(url, service=service, name=service, password=PASSWORD)
    return logins.url_as(url, role=service, password=PASSWORD)


def tenant_url(url: str, namespace: str) -> str:
    logins.add_tenant(url, namespace=namespace, password=PASSWORD)
    return logins.url_as(url, role=tenant_role(namespace), password=PASSWORD)


def api_environment(url: str) -> dict[str, str]:
    return {
        "LEXMILL_DATABASE__URL": service_url(url, "ingest"),
        "LEXMILL_DATABASE__API_URL": service_url(url, "api"),
    }
