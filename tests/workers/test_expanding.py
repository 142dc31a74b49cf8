import pytest

from lexmill_workers.expanding import uri_prefixes


@pytest.mark.parametrize(
    ("uris", "prefixes"),
    [
        ([], []),
        (["file:///home/ann/contracts"], [""]),
        (["file:///a/x/docs", "file:///a/y/docs"], ["x/docs/", "y/docs/"]),
        (["file:///a/docs/", "file:///a/docs/more"], ["docs/", "docs/more/"]),
        (["file:///a/one%20two", "file:///a/b.txt"], ["one two/", "b.txt/"]),
        (["s3://bucket/2025/", "s3://bucket/2026/"], ["2025/", "2026/"]),
        (["s3://one/in", "s3://two/in"], ["one/in/", "two/in/"]),
        (["file:///", "file:///etc"], ["./", "etc/"]),
    ],
)
def test_documents_are_named_from_the_folder_that_all_sources_share(
    uris: list[str], prefixes: list[str]
) -> None:
    assert uri_prefixes(uris) == prefixes
