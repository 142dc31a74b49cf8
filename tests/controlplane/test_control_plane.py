"""What the operator's tests rely on holds."""

import httpx

from tests.controlplane.control_plane import ControlPlane


def test_accounts_may_only_what_roles_allow(control_plane: ControlPlane, namespace: str) -> None:
    token = control_plane.token_for(namespace, "default")
    with control_plane.client(token) as account:
        answer = account.get(f"/api/v1/namespaces/{namespace}/pods")
    assert answer.status_code == httpx.codes.FORBIDDEN
