"""What the spot markets for pledgeable securities post in a round."""

from __future__ import annotations

from dataclasses import dataclass

from markets.pledge.terms import RepoTerms
from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class SpotQuotes:
    """Log prices, shape ``(securities,)``, beside the repo terms of the day."""

    log_price: FloatArray
    terms: RepoTerms
