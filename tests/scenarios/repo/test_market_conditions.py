"""The repo market is certified at the precision at which finitely many traders are at rest."""

import pytest

from scenarios.repo.market_conditions import AT_REST, CLEARING_TOLERANCE, MOST_UNKNOWN, _repo_market


def test_where_repo_is_most_of_the_positions_the_tolerance_is_that_of_every_market() -> None:
    condition = _repo_market(50.0, 50.0, 105.0)
    assert condition.tolerance == CLEARING_TOLERANCE
    assert "known to" not in condition.meaning


@pytest.mark.parametrize("share", [1e-3, 1e-5])
def test_where_it_is_a_sliver_the_tolerance_is_scaled_by_that_and_says_so(share: float) -> None:
    condition = _repo_market(50.0 * share, 50.0 * share, 100.0)
    assert condition.tolerance == pytest.approx(AT_REST / share)
    assert f"positions are {1.0 / share:.0f} times that" in condition.meaning
    # a gap of the positions' own precision is excused, ten times that is not
    gap = 100.0 * AT_REST
    assert _repo_market(50.0 * share + 0.9 * gap, 50.0 * share, 100.0).holds
    assert not _repo_market(50.0 * share + 10.0 * gap, 50.0 * share, 100.0).holds


def test_no_sliver_is_so_thin_that_anything_goes() -> None:
    assert _repo_market(1e-12, 0.0, 100.0).tolerance == MOST_UNKNOWN
    assert not _repo_market(1e-12, 0.0, 100.0).holds
    assert _repo_market(0.0, 0.0, 100.0).holds
