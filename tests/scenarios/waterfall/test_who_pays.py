"""Who pays for whose default."""

import pytest

from scenarios.waterfall.default_waterfall import SCENARIO
from scenarios.waterfall.who_pays import COLUMNS, HOUSE, who_pays


def test_every_loss_is_borne_and_every_payment_is_for_a_loss() -> None:
    run = SCENARIO.run(news=[-0.02, -0.14, 0.03])
    table = run.tables["who_pays"]
    agents, dates = run.agents, run.dates.set_index(["case", "date"])
    assert dates["gains"].max() > 1.0
    for (case, date), part in table.groupby(["case", "date"]):
        here = agents[(agents["case"] == case) & (agents["date"] == date)]
        left = here[here["uncovered"] > 0.0].set_index("member")["uncovered"]
        borne = part.groupby("defaulter")["cash"].sum()
        assert len(borne) == len(left)
        for member, loss in left.items():
            assert borne[str(member + 1)] == pytest.approx(loss, rel=1e-7)
        for column, layer in (("fund_used", "fund"), ("assessed", "assessments"),
                              ("gains_cut", "gains"), ("capital", "capital")):  # fmt: skip
            assert part[column].sum() == pytest.approx(dates.loc[(case, date), layer], abs=1e-6)
        assert part.loc[part["payer"] == HOUSE, "capital"].sum() > 0.0


def test_no_loss_has_no_payer() -> None:
    table = who_pays(SCENARIO.run(news=[0.0]).agents)
    assert table.empty
    assert tuple(table.columns) == COLUMNS
