"""`import walras`: what users and authors need, loaded when it is asked for."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest
from typer.testing import CliRunner

import walras
from walras.command import app


def test_every_public_name_can_be_imported_and_says_what_it_is() -> None:
    for name in walras.__all__:
        value = getattr(walras, name)
        assert value is not None
        if name != "__version__":
            assert value.__doc__, name
    assert set(dir(walras)) == set(walras.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Ecomony'"):
        _ = walras.Ecomony


def test_a_run_in_one_line() -> None:
    run = walras.run("margin-hike", haircuts=[0.01, 0.03], traders=100)
    assert run.outcome is walras.Outcome.CLEARED
    assert run.dates["security_price"].is_monotonic_increasing


def test_what_is_unknown_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(walras.Refused, match='did you mean "margin-hike"'):
        walras.run("margin-hik")
    with pytest.raises(walras.Refused, match='did you mean "haircuts"'):
        walras.run("margin-hike", haircutts=[0.1])


def test_the_version_is_that_of_the_distribution() -> None:
    assert walras.__version__ == metadata.version("walras")
    said = CliRunner().invoke(app, ["--version"])
    assert said.exit_code == 0
    assert said.stdout == f"walras {walras.__version__}\n"


UNLOADED = {
    "import walras": ("numpy", "mesa", "pandas", "matplotlib", "typer"),
    "import walras.catalogue": ("numpy", "mesa", "pandas", "matplotlib"),
    "import walras.command": ("numpy", "mesa", "pandas", "matplotlib"),
    "walras.Economy": ("matplotlib", "scipy.optimize", "scipy.stats"),
    "walras.run('margin-hike', traders=50)": ("matplotlib", "scipy.stats", "flint"),
}
"""What is not loaded yet after each line, one after the other."""


def test_nothing_is_loaded_before_it_is_needed() -> None:
    """Start-up is mostly imports: listing scenarios must not load what running them needs."""
    lines = ["import sys"]
    for code, unloaded in UNLOADED.items():
        lines += [code, f"print([m for m in {unloaded!r} if m in sys.modules], {code!r})"]
    said = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == [f"[] {code}" for code in UNLOADED]
