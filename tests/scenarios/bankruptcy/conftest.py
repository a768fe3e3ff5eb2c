"""Runs of bankruptcy that several tests look at, made once."""

from __future__ import annotations

import pytest

from scenarios.bankruptcy import bankruptcy_capm
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from simulator.run import Run


@pytest.fixture(scope="session")
def three() -> Run[BankruptcyCapm]:
    """The three cohorts of ``bankruptcy-capm``, with studies."""
    return bankruptcy_capm.SCENARIO.run()
