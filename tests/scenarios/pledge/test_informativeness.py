"""Studies of informativeness and bias by haircut and by repo rate."""

import numpy as np
import pytest

from scenarios.pledge import informativeness
from scenarios.pledge.option import shut_rate
from scenarios.pledge.pledgeability import Pledgeability
from scenarios.pledge.propositions import pledgeability_bias


def test_measures_agree_with_the_closed_form() -> None:
    haircuts = [0.15, 0.2, 0.3, 0.2, 0.2, 0.6]
    rates = [0.02, 0.02, 0.02, 0.15, 0.3, 0.02]
    economy = Pledgeability(belief="corrected", investors=1_000)
    measured = informativeness.simulated(
        economy, haircuts, rates, days=300, rng=np.random.default_rng(8)
    )
    expected = informativeness.expected(economy, haircuts, rates)
    for measure in ("price_variance", "value_variance"):
        gap = (measured[measure] - expected[measure]) / measured[f"{measure}_sd"]
        assert np.abs(gap).max() < 3.5, measure
    off = np.abs(measured["bias"] - expected["bias"])
    assert (off < 4.0 * measured["bias_sd"]).all()
    assert expected["bias"].iloc[-1] == 0.0


def test_studies_depend_on_the_generator_and_on_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(informativeness, "DAYS", 5)
    monkeypatch.setattr(informativeness, "INVESTORS", 50)

    def tables(seed: int, **parameters: object) -> dict[str, object]:
        economy = Pledgeability(**parameters)  # type: ignore[arg-type]
        return {
            name: table.to_numpy().tolist()
            for name, table in informativeness.studies(
                economy, economy.haircut, np.random.default_rng(seed)
            ).items()
        }

    first = tables(1)
    # how the run itself learns, how large it is and what limits it imposes plays no part
    same = tables(1, investors=77, belief="printed-noise", learning="none", limits="imposed")
    assert same == first
    other = tables(2)
    for name in first:
        assert (other[name] == first[name]) is not name.startswith("informativeness"), name


def test_the_map_of_the_bias_shows_where_repo_is_shut() -> None:
    economy = Pledgeability(repo_rate=0.1)
    table = informativeness.bias_map(economy, 0.2)
    assert len(table) == informativeness.MAP_HAIRCUTS * informativeness.MAP_RATES
    shut = table["repo_market"] == "shut"
    assert (table["bias"][shut] == 0.0).all()
    assert (table["bias"][~shut] > 0.0).all()
    assert ((table["repo_rate"] >= table["shut_rate"]) == shut).all()
    row = table.iloc[3_000]
    assert row["shut_rate"] == shut_rate(row["haircut"], 4.0)
    assert row["bias"] == pledgeability_bias(economy.primitives, row["haircut"], row["repo_rate"])


def test_residual_variance_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(4)
    x, noise = rng.standard_normal((2, 50, 3))
    y = 1.0 + 2.0 * x + noise
    for column in range(3):
        design = np.column_stack([np.ones(50), x[:, column]])
        squares = np.linalg.lstsq(design, y[:, column], rcond=None)[1][0]
        variance = informativeness.residual_variance(y, x)[column]
        assert variance == pytest.approx(squares / 48.0, rel=1e-12)
