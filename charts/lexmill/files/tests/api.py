"""Arguments: the API's URL and a namespace."""

import sys

import httpx

url, namespace = sys.argv[1:]
with httpx.Client(base_url=url, timeout=10) as api:
    ready = api.get("/readyz")
    print(f"/readyz: {ready.status_code} {ready.text}")
    refused = api.post(f"/ns/{namespace}/events", content=b"no event")
    print(f"what is no event: {refused.status_code} (400 is right)")
    strangers = api.get(f"/v1/namespaces/{namespace}/jobs")
    print(f"/v1 without a token: {strangers.status_code} (401 is right)")
wanted = (200, 400, 401)
sys.exit((ready.status_code, refused.status_code, strangers.status_code) != wanted)
