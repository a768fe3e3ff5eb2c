"""Who pays for whose default."""

import pytest

from scenarios.waterfall.default_waterfall import SCENARIO
from scenarios.waterfall.who_pays import COLUMNS, HOUSE, who_pays


def test_every_loss_is_borne_and_every_payment_is_for_a_loss() -> None:
    run = SCENARIO.run(news=[-0.02, -0.14, 0.03])
    table = run.tables["who_pays"]
    agents = run.agents
    assert run.dates["gains_cut"].max() > 1.0
    for row in run.dates[run.dates["own_fund_used"] > 1.0].to_dict("records"):
        here = agents[(agents["case"] == row["case"]) & (agents["date"] == row["date"])]
        part = table[(table["case"] == row["case"]) & (table["date"] == row["date"])]
        left = here[here["uncovered"] > 0.0]
        borne = part.groupby("defaulter")["cash"].sum()
        expected = dict(zip((left["member"] + 1).astype(str), left["uncovered"], strict=True))
        assert borne.to_dict() == pytest.approx(expected, rel=1e-7)
        layers = ("fund_used", "assessments_used", "gains_cut", "capital_used")
        for column, layer in zip(COLUMNS[4:-1], layers, strict=True):
            assert part[column].sum() == pytest.approx(row[layer], abs=1e-6)
        assert part.loc[part["payer"] == HOUSE, "capital_used"].sum() > 0.0


def test_no_loss_has_no_payer() -> None:
    table = who_pays(SCENARIO.run(news=[0.0]).agents)
    assert table.empty
    assert tuple(table.columns) == COLUMNS
