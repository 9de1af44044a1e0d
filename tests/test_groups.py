"""Tests that share something costly run in one worker."""

import pytest


@pytest.fixture(scope="module")
def costly() -> str:
    return "something that is prepared once"


@pytest.mark.usefixtures("costly")
@pytest.mark.parametrize("number", [1, 2])
def test_the_group_stands_where_the_scheduler_looks_for_it(
    request: pytest.FixtureRequest, number: int
) -> None:
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("all tests run in one process: pytest -n 2 has workers")
    assert request.node.nodeid.endswith(f"[{number}]@test_groups")
