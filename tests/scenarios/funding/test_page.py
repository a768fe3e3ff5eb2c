"""What the page of margin-spiral shows."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.funding.margin_spiral import MarginSpiral, build
from scenarios.funding.page import PAGE, schedules
from scenarios.funding.replication import spiral_of


def test_schedules_mirror_each_other_at_an_equilibrium() -> None:
    parameters = MarginSpiral(experts_wealth=[-4.6])
    (root,) = spiral_of(parameters).equilibria(-4.6)
    economy = build(parameters)
    economy.clear()
    before = economy.quotes
    table = schedules(economy, 400)
    assert economy.quotes == before
    assert economy.quotes["security_price"] == pytest.approx(root.price)
    economy.close()
    prices = table["price"].to_numpy()[::2]
    excess = table["order"].to_numpy().reshape(-1, 2).sum(axis=1)
    crossing = np.interp(0.0, excess[prices < 9.3][::-1], prices[prices < 9.3][::-1])
    assert crossing == pytest.approx(root.price, abs=1e-3)


def test_controls_are_parameters() -> None:
    assert {control.parameter for control in PAGE.controls} <= MarginSpiral.model_fields.keys()
    assert PAGE.announcement is not None
    assert PAGE.announcement.parameter in MarginSpiral.model_fields
