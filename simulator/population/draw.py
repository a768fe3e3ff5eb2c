r"""Drawing members: fields of given distributions, with rank correlation between them.

A Gaussian copula: normal scores :math:`z \sim N(0, R)` give uniforms :math:`\Phi(z)`, and these the
values by the quantile functions. For Spearman's rank correlation :math:`\rho` between two fields,
:math:`R_{jk} = 2 \sin(\pi \rho_{jk} / 6)`, exact for continuous distributions.

Source: Kruskal, *Journal of the American Statistical Association* 53 (1958), on rank correlation of
the normal distribution; Nelsen, *An Introduction to Copulas* (2006), section 5.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from markets.quote import FloatArray
from markets.refused import Refused
from simulator.names import unknown
from simulator.population.distribution import Distribution

DEFINITE = -1e-9
"""Smallest eigenvalue of a matrix of correlations that counts as not negative."""


def draw(
    count: int,
    distributions: Mapping[str, Distribution],
    rank_correlations: Mapping[str, float],
    rng: np.random.Generator,
) -> dict[str, FloatArray]:
    """Draw members.

    Parameters
    ----------
    count : int
        Number of members.
    distributions : mapping
        Distribution of each field that is drawn, by name.
    rank_correlations : mapping
        Spearman's rank correlation by a pair of fields, ``"belief, cash"``; 0 where not given.
    rng : numpy.random.Generator
        The one source of randomness; the same draws whatever the order of the fields.

    Returns
    -------
    dict
        Values of each field, shape (count,).

    Raises
    ------
    Refused
        If a pair names a field that is not drawn, or the correlations contradict one another.
    """
    names = sorted(distributions)
    matrix = _correlation(names, rank_correlations)
    scores = rng.standard_normal((count, len(names)))
    if rank_correlations:
        values, vectors = np.linalg.eigh(matrix)
        scores = scores @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    from scipy.special import ndtr

    # keep probabilities inside (0, 1), where quantiles are finite
    shares = np.clip(ndtr(scores), np.finfo(np.float64).tiny, 1.0 - 2.0**-53)
    return {name: distributions[name].quantile(shares[:, k]) for k, name in enumerate(names)}


def _correlation(names: Sequence[str], given: Mapping[str, float]) -> FloatArray:
    """The normal correlations of given rank correlations, shape (fields, fields)."""
    matrix = np.eye(len(names))
    if given and not names:
        raise Refused("correlation is given but nothing is drawn; give fields as distributions")
    for pair, rank in given.items():
        fields = [part.strip() for part in pair.split(",")]
        if len(fields) != 2 or fields[0] == fields[1]:
            raise Refused(f'"{pair}" is no pair of fields; write for instance "belief, cash"')
        for field in fields:
            if field not in names:
                raise Refused(f"{unknown(field, names, 'field that is drawn')} (correlation)")
        if not -1.0 <= rank <= 1.0:
            raise Refused(f"correlation of {pair} is {rank:g}; it must be in [-1, 1]")
        one, other = (names.index(field) for field in fields)
        matrix[one, other] = matrix[other, one] = 2.0 * np.sin(np.pi * rank / 6.0)
    if np.min(np.linalg.eigvalsh(matrix), initial=0.0) < DEFINITE:
        raise Refused("the correlations contradict one another: no population can have them all")
    return matrix
