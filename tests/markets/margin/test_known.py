"""What a rule may know."""

import numpy as np
import pytest

from markets.margin.known import Known


def test_returns_end_at_the_price_now() -> None:
    known = Known(2.0, np.array([4.0, 1.0]))
    assert known.returns == pytest.approx(np.log([0.25, 2.0]))
    assert Known(2.0).returns.size == 0


@pytest.mark.parametrize(
    "known",
    [
        Known(-1.0, np.array([1.0])),
        Known(0.0, np.array([1.0])),
        Known(1.0, np.array([0.0, 1.0])),
        Known(1.0, np.array([1.0, -1.0])),
    ],
)
def test_prices_that_are_not_above_zero_have_no_return(known: Known) -> None:
    with pytest.raises(ValueError, match="has no return"):
        _ = known.returns
