"""Members of one's own in bankruptcy-capm: from a table, drawn, named; and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import walras
from scenarios.bankruptcy.capm_members import everybody
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from simulator.parameters import parse
from simulator.verify import verify

FIRMS = pd.DataFrame(
    {
        "name": ["Zug", "Aare", "Bern"],
        "weight": [8.2, 5.3, 4.7],
        "satiation": [9.0, 7.2, 7.1],
        "endowment_now": [3.6, 3.4, 4.8],
        "endowment_later[1]": [0.2, 0.7, 0.2],
        "endowment_later[2]": [0.3, 1.0, 0.6],
        "endowment_later[3]": [0.9, 0.8, 1.2],
        "equities[1]": [0.4, 0.7, 1.2],
    }
)
"""The default cohorts, one by one."""

DRAWN: dict[str, Any] = {
    "members": 60,
    "utility": "constant risk aversion",
    "risk_aversion": "lognormal(mean=1, sd=0.3)",
    "patience": 0.95,
    "endowment_now": "lognormal(mean=3, sd=1)",
    "endowment_later": ["uniform(low=0.2, high=1)", 1.0, 1.2],
    "equities": [1.0],
    "correlation": {"endowment_now, risk_aversion": -0.6},
}


def run(seed: int = 0, **given: Any) -> walras.Run:
    return walras.run("bankruptcy-capm", seed=seed, studies=False, **given)


def test_a_table_is_the_cohorts_that_it_holds_with_names_in_its_order(tmp_path: Path) -> None:
    FIRMS.to_csv(tmp_path / "firms.csv", index=False)
    cohorts = run()
    for members in (FIRMS, str(tmp_path / "firms.csv")):
        given = run(members=members)
        assert given.outcome is walras.Outcome.CLEARED
        assert given.equilibrium == pytest.approx(cohorts.equilibrium, rel=1e-8)
        assert given.agents["name"].tolist() == FIRMS["name"].tolist()
        assert given.agents["endowed_later[3]"].tolist() == FIRMS["endowment_later[3]"].tolist()
        assert given.agents["bond"].tolist() == pytest.approx(cohorts.agents["bond"], abs=1e-8)
        assert given.dates["traders_trading"].item() == 3.0
    table = run(members=FIRMS).tables["credit_risk_by_member"]
    assert table["name"].unique().tolist() == ["Zug", "all"]  # the only one who borrows
    assert "name" not in cohorts.agents


def test_the_order_of_rows_hardly_changes_quotes_and_is_kept() -> None:
    """Sums of other orders round otherwise."""
    given = run(members=FIRMS[::-1])
    assert given.equilibrium == pytest.approx(run(members=FIRMS).equilibrium, rel=1e-9)
    assert given.agents["name"].tolist() == ["Bern", "Aare", "Zug"]


def test_a_column_that_is_missing_is_as_the_first_cohort_says() -> None:
    given = run(members=FIRMS.drop(columns=["satiation", "equities[1]"]))
    assert given.agents["satiation"].tolist() == [9.0] * 3
    assert given.agents["endowed_equity[1]"].tolist() == [0.4] * 3


def test_given_members_stand_beside_other_cohorts() -> None:
    first = BankruptcyCapm().cohorts[0].model_dump(exclude_none=True)
    made = run(cohorts=[{**first, "name": "firms", "members": FIRMS}, {**DRAWN, "name": "others"}])
    assert made.outcome is walras.Outcome.CLEARED
    assert made.agents["name"].tolist()[:3] == FIRMS["name"].tolist()
    assert made.agents["cohort"].value_counts().to_dict() == {"others": 60, "firms": 3}


def test_members_are_drawn_by_the_seed_with_rank_correlation_and_shown() -> None:
    one, two, other = (run(seed, cohorts=[DRAWN]) for seed in (1, 1, 2))
    assert one.outcome is other.outcome is walras.Outcome.CLEARED
    assert one.agents.equals(two.agents)
    assert one.rounds.equals(two.rounds)
    assert one.equilibrium != other.equilibrium
    drawn = one.agents[["endowed_now", "risk_aversion"]]
    assert drawn["risk_aversion"].nunique() == 60
    assert drawn.corr("spearman").iloc[0, 1] == pytest.approx(-0.6, abs=0.25)
    assert one.agents["endowed_later[1]"].between(0.2, 1.0).all()


def test_members_may_differ_in_penalties() -> None:
    firms = FIRMS.assign(**{"penalty[2]": [9.0, 10.0, 12.0]})
    given: dict[str, Any] = {"members": firms, "penalty": 11.0}
    (members,) = everybody(parse(BankruptcyCapm, given), np.random.default_rng(0))
    assert members.penalty is not None
    assert members.penalty.tolist() == [[11.0, 9.0, 11.0], [11.0, 10.0, 11.0], [11.0, 12.0, 11.0]]
    made = run(**given)
    assert made.outcome is walras.Outcome.CLEARED
    assert made.agents["penalty[2]"].tolist() == [9.0, 10.0, 12.0]
    assert made.agents["name"].tolist() == FIRMS["name"].tolist()


def test_studies_of_welfare_work_with_given_members(
    three: walras.Run[BankruptcyCapm],
) -> None:
    made = walras.run("bankruptcy-capm", members=FIRMS)
    welfare = made.studies["welfare_by_short_limit"]
    default = three.studies["welfare_by_short_limit"]
    assert welfare["short_limit"].unique() == pytest.approx(default["short_limit"].unique())
    assert "credit_risk_by_endowment_risk" not in made.studies


def test_an_export_is_verified_without_the_original(tmp_path: Path) -> None:
    path = tmp_path / "firms.csv"
    FIRMS.to_csv(path, index=False)
    folder = run(members=str(path)).export(tmp_path / "runs", plots=False)
    path.unlink()
    found = verify(folder, walras.find)
    assert found.certified
    assert found.altered == ()
    assert pd.read_csv(folder / "agents.csv")["name"].tolist() == FIRMS["name"].tolist()
    assert pd.read_csv(folder / "credit_risk_by_member.csv")["name"].iloc[0] == "Zug"


def test_the_figure_of_net_trades_shows_members_by_name() -> None:
    axes = run(members=FIRMS).plot()["net_trades"].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == FIRMS["name"].tolist()
    assert "net_trades" not in run().plot()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"members": FIRMS.rename(columns={"weight": "wieght"})}, 'did you mean "weight"'),
        ({"members": FIRMS.assign(endowment_now=[1, 0, 1])}, "row 2: endowment_now is 0"),
        ({"members": FIRMS.assign(patience=1.0)}, '"patience" is not a column'),
        ({"members": FIRMS.assign(**{"equities[1]": 0.0})}, "nobody owns equity 1"),
        ({"members": FIRMS.assign(satiation=2.0)}, "satiation of Bern is 2; it must be at least 3"),
        ({"members": FIRMS.assign(**{"penalty[1]": 1.0})}, r'"penalty\[1\]" is not a column'),
        (
            {
                "members": FIRMS.assign(**{f"penalty[{s}]": [0.0, 1.0, 1.0] for s in (1, 2, 3)}),
                "penalty": 1.0,
            },
            "penalty of Zug is 0 in all states",
        ),
        ({"cohorts": [{**DRAWN, "members": 0}]}, "members is 0; it must be a whole number"),
        ({"cohorts": [{**DRAWN, "endowment_now": "normal(mean=0, sd=1)"}]}, "truncate"),
        ({"cohorts": [{**DRAWN, "endowment_now": "much"}]}, "no distribution"),
        ({"cohorts": [{**DRAWN, "correlation": {"patience, equities[1]": 1}}]}, "that is drawn"),
    ],
)
def test_what_can_not_be_used_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(walras.Refused, match=said):
        run(**given)
