"""Distributions that a parameter may name instead of a number, as in ``lognormal(mean=2, sd=0.5)``.

The text is read by a small grammar of its own; nothing of it is ever evaluated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from markets.quote import FloatArray
from markets.refused import Refused
from simulator.names import unknown

CALL = re.compile(r"\s*([a-z-]+)\s*\(([^()]*)\)\s*")
ARGUMENT = re.compile(r"\s*([a-z]+)\s*=\s*(.*?)\s*")

LONGEST = 500
"""Characters of a distribution; what is longer is no distribution."""

Quantile = Callable[[FloatArray], FloatArray]
"""Value at each probability in (0, 1)."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution by its quantile function.

    Attributes
    ----------
    text : str
        As it was written.
    quantile : callable
        Value at each probability in (0, 1), elementwise.
    """

    text: str
    quantile: Quantile


def distribution(text: str) -> Distribution:
    r"""Read a distribution.

    ==================================== ========================================================
    ``uniform(low=, high=)``             all values between are equally likely
    ``normal(mean=, sd=)``               normal; add ``low=`` or ``high=`` or both and it is
                                         truncated there (``mean`` and ``sd`` before truncation)
    ``lognormal(mean=, sd=)``            lognormal with this mean and standard deviation *of the
                                         value itself*: :math:`\sigma^2 = \log(1 + sd^2/mean^2)`,
                                         :math:`\mu = \log(mean) - \sigma^2 / 2`
    ``beta(a=, b=)``                     beta on (0, 1), or between ``low=`` and ``high=``
    ``exponential(mean=)``               exponential
    ``pareto(low=, shape=)``             :math:`P(X > x) = (low / x)^{shape}`
    ``empirical(file=, column=)``        values of a column of a CSV or Parquet file, all equally
                                         likely
    ==================================== ========================================================

    Raises
    ------
    Refused
        If the text is no distribution, with what is allowed.
    """
    call = CALL.fullmatch(text) if len(text) <= LONGEST else None
    if call is None:
        raise Refused(
            f'"{text[:80]}" is no number and no distribution; write for instance'
            " lognormal(mean=2, sd=0.5)"
        )
    kind, inside = call.groups()
    if kind not in KINDS:
        raise Refused(unknown(kind, list(KINDS), "distribution"))
    needed, optional, make = KINDS[kind]
    given = _arguments(text, inside, (*needed, *optional))
    missing = [name for name in needed if name not in given]
    if missing:
        raise Refused(f"{text} lacks {missing[0]}; {kind} needs {', '.join(needed)}")
    return Distribution(text, make(text, given))


def _arguments(text: str, inside: str, known: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in filter(str.strip, inside.split(",")):
        argument = ARGUMENT.fullmatch(part)
        if argument is None:
            raise Refused(f'{text}: "{part.strip()}" must be written name=value')
        name, value = argument.groups()
        if name not in known:
            raise Refused(f"{text}: {unknown(name, list(known), 'name here')}")
        if name in given:
            raise Refused(f"{text} has {name} twice")
        given[name] = value
    return given


def _number(text: str, given: Mapping[str, str], name: str, default: float = math.nan) -> float:
    if name not in given:
        return default
    try:
        number = float(given[name])
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Refused(f"{text}: {name} is {given[name]}; it must be a finite number")
    return number


def _positive(text: str, given: Mapping[str, str], name: str) -> float:
    number = _number(text, given, name)
    if not number > 0.0:
        raise Refused(f"{text}: {name} is {given[name]}; it must be above 0")
    return number


def _range(text: str, given: Mapping[str, str], low: float, high: float) -> tuple[float, float]:
    low, high = _number(text, given, "low", low), _number(text, given, "high", high)
    if not low < high:
        raise Refused(f"{text}: low is {low:g} and high {high:g}; low must be below high")
    return low, high


def _uniform(text: str, given: Mapping[str, str]) -> Quantile:
    low, high = _range(text, given, 0.0, 1.0)
    return lambda p: low + (high - low) * p


def _normal(text: str, given: Mapping[str, str]) -> Quantile:
    from scipy.special import log_ndtr, ndtri_exp

    mean, sd = _number(text, given, "mean"), _positive(text, given, "sd")
    low, high = _range(text, given, -math.inf, math.inf)
    ends = (low - mean) / sd, (high - mean) / sd
    # from the tail that is nearer, in logs, so that no digits are lost far out
    flip = ends[0] > 0.0
    first, last = (-ends[1], -ends[0]) if flip else ends
    below, above = log_ndtr(first), log_ndtr(last)

    def quantile(p: FloatArray) -> FloatArray:
        share = 1.0 - p if flip else p
        with np.errstate(divide="ignore"):
            logs = np.logaddexp(below + np.log1p(-share), above + np.log(share))
        value = ndtri_exp(logs)
        return np.clip(mean + sd * (-value if flip else value), low, high)

    return quantile


def _lognormal(text: str, given: Mapping[str, str]) -> Quantile:
    from scipy.special import ndtri

    mean, sd = _positive(text, given, "mean"), _positive(text, given, "sd")
    variance = math.log1p((sd / mean) ** 2)
    return lambda p: np.exp(math.log(mean) - 0.5 * variance + math.sqrt(variance) * ndtri(p))


def _beta(text: str, given: Mapping[str, str]) -> Quantile:
    from scipy.special import betaincinv

    a, b = _positive(text, given, "a"), _positive(text, given, "b")
    low, high = _range(text, given, 0.0, 1.0)
    return lambda p: low + (high - low) * betaincinv(a, b, p)


def _exponential(text: str, given: Mapping[str, str]) -> Quantile:
    mean = _positive(text, given, "mean")
    return lambda p: -mean * np.log1p(-p)


def _pareto(text: str, given: Mapping[str, str]) -> Quantile:
    low, shape = _positive(text, given, "low"), _positive(text, given, "shape")
    return lambda p: low * np.exp(-np.log1p(-p) / shape)


def _empirical(text: str, given: Mapping[str, str]) -> Quantile:
    from simulator.population.table import numbers_of

    values = np.sort(numbers_of(Path(given["file"]), given["column"]))
    last = values.size - 1
    return lambda p: values[np.minimum((p * values.size).astype(np.int64), last)]


KINDS: Mapping[
    str,
    tuple[tuple[str, ...], tuple[str, ...], Callable[[str, Mapping[str, str]], Quantile]],
] = {
    "uniform": (("low", "high"), (), _uniform),
    "normal": (("mean", "sd"), ("low", "high"), _normal),
    "lognormal": (("mean", "sd"), (), _lognormal),
    "beta": (("a", "b"), ("low", "high"), _beta),
    "exponential": (("mean",), (), _exponential),
    "pareto": (("low", "shape"), (), _pareto),
    "empirical": (("file", "column"), (), _empirical),
}
"""Names that each distribution needs, those that it may have, and how it is made."""
