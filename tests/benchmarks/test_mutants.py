"""Small changes of the program: which there are, which tests are run, what counts as too few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from coverage import CoverageData

from benchmarks.reliability import mutants
from benchmarks.reliability.mutants import Change, changes, most_survivors, nearest
from benchmarks.reliability.trial import Trial

SOURCE = '''
"""Text with -1."""
LIMIT = 1e-9


@decorated(frozen=True)
class Some:
    size: Literal[3] = 2

    def worth(self, price: float) -> bool:
        """More than 0."""
        total = max(-price * self.size, 0)
        total += 1 + 2 * price
        zip(total, strict=True)
        return not (price < LIMIT and f"{price:.3f}" == "a" + str(total))
'''


def test_signs_products_comparisons_extremes_logic_and_constants_are_changed() -> None:
    made = {(change.old, change.new) for change in changes("some.py", SOURCE.encode())}
    price = 'price < LIMIT and f"{price:.3f}" == "a" + str(total)'
    plain = price.replace('"', "'")
    assert made == {
        ("1e-9", "(1.000000001)"),
        ("1e-9", "(0.0)"),
        ("2", "(3)"),
        ("2", "(0)"),
        ("max(-price * self.size, 0)", "(min(-price * self.size, 0))"),
        ("-price * self.size", "(-price / self.size)"),
        ("-price", "(price)"),
        ("0", "(1)"),
        ("total += 1 + 2 * price", "total -= 1 + 2 * price"),
        ("1 + 2 * price", "(1 - 2 * price)"),
        ("1", "(2)"),
        ("1", "(0)"),
        ("2 * price", "(2 / price)"),
        (f"not ({price})", f"({plain})"),
        (price, f"({plain.replace(' and ', ' or ')})"),
        ("price < LIMIT", "(price <= LIMIT)"),
        ("price < LIMIT", "(price >= LIMIT)"),
        ('f"{price:.3f}" == "a" + str(total)', "(f'{price:.3f}' != 'a' + str(total))"),
    }


def test_a_change_replaces_its_expression_and_nothing_else() -> None:
    source = "été = 'é' if 2 < 3 else 1 - 1\n".encode()
    made = {change.made(source).decode() for change in changes("some.py", source)}
    assert "été = 'é' if (2 <= 3) else 1 - 1\n" in made
    assert "été = 'é' if 2 < 3 else (1 + 1)\n" in made
    assert "été = 'é' if 2 < 3 else 1 - (2)\n" in made


def test_the_tests_that_run_a_line_are_run_and_the_nearest_first(tmp_path: Path) -> None:
    far, scenario = "tests/walras/test_api.py", "tests/scenarios/repo/test_economy.py"
    beside, own = "tests/markets/repo/test_places.py", "tests/markets/repo/test_market.py"
    seconds: Mapping[str, float] = {far: 1.0, scenario: 2.0, beside: 3.0, own: 4.0, "quick": 0.1}
    path = "markets/repo/market.py"
    data = CoverageData(str(tmp_path / "data"))
    for test in ("", far, scenario, beside, own, "deleted.py"):
        data.set_context(test)
        data.add_lines({path: [7] if test else [3]})
    change = Change(path, 6, 8, 0, 0, "", "", "")
    assert nearest(change, data, seconds) == [own, beside, scenario, far]
    imported = Change(path, 3, 3, 0, 0, "", "", "")
    assert nearest(imported, data, seconds) == [own, beside, scenario, far]
    assert nearest(Change(path, 9, 9, 0, 0, "", "", ""), data, seconds) == []
    slow = {**seconds, own: 50.0, beside: 20.0}
    assert nearest(change, data, slow) == [own]


def test_too_many_that_go_unnoticed_are_a_failure_and_all_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def made(missed: int, share: float) -> list[Trial]:
        def noticed(drawn: list[Change]) -> Iterator[tuple[Change, str, float]]:
            for number, change in enumerate(drawn):
                yield change, "passes" if number < missed else "", 1.0

        monkeypatch.setattr(mutants, "noticed", noticed)
        return list(mutants.trials(np.random.default_rng(3), share))

    sums = changes("agents/some.py", b"a = b + c\n" * 400)
    monkeypatch.setattr(mutants, "all_changes", lambda: sums)
    monkeypatch.setattr(mutants, "MEASURED", tmp_path)
    (unmeasured,) = made(0, 0.1)
    assert "make coverage" in unmeasured.failure
    (tmp_path / "data").touch()
    *some, total = made(30, 1.0)
    assert len({trial.input for trial in some}) == len(some) == 300
    assert (total.failure, total.figure) == ("", "90.0% noticed")
    assert capsys.readouterr().err.count("unnoticed: ") == 30
    assert made(31, 1.0)[-1].failure == "only 89.7% noticed"
    assert [trial.input for trial in made(0, 1.0)[:-1]] == [trial.input for trial in some]


@pytest.mark.parametrize(("tried", "most"), [(3, 2), (6, 4), (60, 14), (300, 30), (600, 60)])
def test_a_tenth_may_go_unnoticed_and_more_only_by_chance(tried: int, most: int) -> None:
    assert most_survivors(tried) == most


def test_every_change_that_is_excused_can_be_made_and_has_a_reason() -> None:
    paths = sorted({path for path, *_ in mutants.excused()})
    every = [each for path in paths for each in changes(path, (mutants.ROOT / path).read_bytes())]
    known = {(change.path, change.code, change.old, change.new) for change in every}
    assert set(mutants.excused()) <= known
    assert all(len(reason) > 10 for reason in mutants.excused().values())
