"""The certificate: independent proof, condition by condition, that a state is an equilibrium.

A scenario checks the conditions of its paper's definition with code that shares nothing with the
code that traded, and states for each one how far it is from holding, and how far it may be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True, slots=True)
class Condition:
    r"""One condition of an equilibrium, and how far it is from holding.

    Parameters
    ----------
    name : str
        Unique name within the certificate, for instance ``budget``.
    residual : float
        The largest violation, :math:`\ge 0` and free of scale; 0 where the condition holds
        exactly, infinite or NaN where it can't be worked out.
    tolerance : float
        The largest residual that still counts as holding, in the same unit; finite.
    meaning : str
        The condition in one sentence, with the scale of its residual.
    checked : str
        What it was checked on, for instance ``203 of 10000``.

    Raises
    ------
    ValueError
        If the residual is negative, or the tolerance negative or not finite.
    """

    name: str
    residual: float
    tolerance: float
    meaning: str
    checked: str = "all"

    def __post_init__(self) -> None:
        """Refuse numbers that could make any state look like an equilibrium."""
        object.__setattr__(self, "residual", float(self.residual))
        object.__setattr__(self, "tolerance", float(self.tolerance))
        if self.residual < 0.0:
            raise ValueError(f"{self.name}: the residual is {self.residual}; a violation is >= 0")
        if not 0.0 <= self.tolerance < math.inf:
            raise ValueError(f"{self.name}: the tolerance is {self.tolerance}; finite and >= 0")

    @property
    def holds(self) -> bool:
        """Whether the residual is finite and within its tolerance; NaN never is."""
        return math.isfinite(self.residual) and self.residual <= self.tolerance

    @property
    def strain(self) -> float:
        """Residual as a multiple of the tolerance: at most 1 where it holds, never NaN."""
        if not math.isfinite(self.residual):
            return math.inf
        if self.tolerance == 0.0:
            return 0.0 if self.residual == 0.0 else math.inf
        return self.residual / self.tolerance


@dataclass(frozen=True, slots=True)
class Certificate:
    """All the conditions of an equilibrium at one resting point.

    Parameters
    ----------
    conditions : tuple of Condition
        In the order in which they are read; names differ.

    Raises
    ------
    ValueError
        If two conditions have the same name.

    Examples
    --------
    >>> certificate = Certificate((Condition("budget", 1e-15, 1e-9, "nobody overspends"),))
    >>> certificate.holds
    True
    >>> Certificate(()).holds
    False
    """

    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        """Refuse two conditions of one name."""
        object.__setattr__(self, "conditions", tuple(self.conditions))
        names = [condition.name for condition in self.conditions]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"two conditions are named {twice}")

    def __getitem__(self, name: str) -> Condition:
        """The condition of that name."""
        for condition in self.conditions:
            if condition.name == name:
                return condition
        raise KeyError(name)

    @property
    def holds(self) -> bool:
        """Whether every condition holds, and there is at least one."""
        return bool(self.conditions) and all(condition.holds for condition in self.conditions)

    def failed(self) -> tuple[Condition, ...]:
        """The conditions that do not hold."""
        return tuple(condition for condition in self.conditions if not condition.holds)

    def worst(self) -> Condition:
        """The condition closest to failing, or furthest beyond, as a multiple of its tolerance.

        Raises
        ------
        ValueError
            If there are no conditions.
        """
        if not self.conditions:
            raise ValueError("a certificate without conditions has no worst one")
        return max(self.conditions, key=lambda condition: condition.strain)

    @classmethod
    def worst_of(cls, certificates: Iterable[Certificate]) -> Certificate:
        """One certificate of several: each condition as it stands where it holds least well."""
        worst: dict[str, Condition] = {}
        empty = False
        for certificate in certificates:
            empty = empty or not certificate.conditions
            for condition in certificate.conditions:
                other = worst.get(condition.name)
                if other is None or condition.strain > other.strain:
                    worst[condition.name] = condition
        # a certificate that proves nothing must not be covered up by one that does
        return cls(() if empty else tuple(worst.values()))

    def complaint(self) -> str:
        """The conditions that fail, in a sentence."""
        if not self.conditions:
            return "there is nothing to certify"
        return "; ".join(
            f"{c.name} fails: its residual is {c.residual:.2e}, at most {c.tolerance:.0e} is"
            f" allowed ({c.meaning})"
            for c in self.failed()
        )

    def table(self) -> pd.DataFrame:
        """One row per condition: name, residual, tolerance, holds, meaning, checked."""
        columns = ["name", "residual", "tolerance", "holds", "meaning", "checked"]
        rows = [[getattr(condition, name) for name in columns] for condition in self.conditions]
        return pd.DataFrame(rows, columns=columns)

    def lines(self) -> pd.DataFrame:
        """One row per condition, as a report shows it: in words, with rounded residuals."""
        from simulator.document.document import as_sentence

        rows = [
            [
                c.name, c.holds, f"{c.residual + 0.0:.1e}", f"{c.tolerance:.1e}",
                as_sentence(c.meaning), c.checked,
            ]
            for c in self.conditions
        ]  # fmt: skip
        heads = ["condition", "holds", "residual", "tolerance", "what it proves", "checked"]
        return pd.DataFrame(rows, columns=heads)

    def _repr_html_(self) -> str:
        """Its lines, for notebooks."""
        from simulator.document.document import Prose, Table
        from simulator.document.web import fragment

        verdict = "Every condition holds." if self.holds else f"Not certified: {self.complaint()}."
        return fragment(Prose(verdict), Table(self.lines(), "Certificate"))

    def to_json(self) -> dict[str, Any]:
        """As plain data for a manifest; a residual that is not finite becomes a word."""
        return {
            "holds": self.holds,
            "conditions": [
                {
                    "name": condition.name,
                    "residual": _number_or_word(condition.residual),
                    "tolerance": condition.tolerance,
                    "holds": condition.holds,
                    "meaning": condition.meaning,
                    "checked": condition.checked,
                }
                for condition in self.conditions
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Certificate:
        """The certificate that :meth:`to_json` wrote; what holds is worked out afresh."""
        return cls(
            tuple(
                Condition(
                    name=str(entry["name"]),
                    residual=float(entry["residual"]),
                    tolerance=float(entry["tolerance"]),
                    meaning=str(entry["meaning"]),
                    checked=str(entry["checked"]),
                )
                for entry in data["conditions"]
            )
        )


def _number_or_word(value: float) -> float | str:
    """JSON has no infinity and no NaN; ``float`` reads these words back."""
    return value if math.isfinite(value) else str(value)
