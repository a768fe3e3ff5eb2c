"""Layers of a default waterfall bear losses one after the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.waterfall.layers import Layers

AMOUNTS = st.floats(0.0, 1e6)


@pytest.mark.parametrize(
    ("loss", "borne"),
    [
        (0.0, (0.0, 0.0, 0.0, 0.0)),
        (5.0, (5.0, 0.0, 0.0, 0.0)),
        (25.0, (10.0, 15.0, 0.0, 0.0)),
        (75.0, (10.0, 20.0, 30.0, 15.0)),
        (1000.0, (10.0, 20.0, 30.0, 40.0)),
    ],
)
def test_each_layer_is_used_up_before_the_next(loss: float, borne: tuple[float, ...]) -> None:
    assert Layers(10.0, 20.0, 30.0, 40.0).absorb(loss) == Layers(*borne)


@given(layers=st.builds(Layers, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS), loss=AMOUNTS)
def test_what_is_borne_is_the_loss_unless_all_layers_are_used_up(
    layers: Layers, loss: float
) -> None:
    borne = layers.absorb(loss)
    assert borne.total == pytest.approx(min(loss, layers.total), rel=1e-12)
