"""What a rule may know."""

import numpy as np
import pytest

from markets.margin.known import Known


def test_returns_end_at_the_price_now() -> None:
    known = Known(2.0, np.array([4.0, 1.0]))
    assert known.returns == pytest.approx(np.log([0.25, 2.0]))
    assert Known(2.0).returns.size == 0
