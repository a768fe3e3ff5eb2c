"""The layers of a default waterfall: who bears a loss, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Layers:
    """Cash by layer, in the order in which losses use it up.

    What defaulters' own margin and fund contributions cover comes before these.

    Attributes
    ----------
    capital : float
        The house's own capital ("skin in the game").
    fund : float
        Contributions of the surviving members to the default fund, pro rata.
    assessments : float
        What surviving members pay beyond, pro rata, up to a cap.
    gains : float
        Variation margin that is owed on gains, which is cut pro rata.
    """

    capital: float
    fund: float
    assessments: float
    gains: float

    def absorb(self, loss: float) -> Layers:
        """What each layer bears of a loss; of a loss beyond all layers, the last bears no more."""
        borne = {}
        for layer in fields(self):
            borne[layer.name] = min(loss, getattr(self, layer.name))
            loss -= borne[layer.name]
        return Layers(**borne)

    @property
    def total(self) -> float:
        """Sum over the layers."""
        return self.capital + self.fund + self.assessments + self.gains
