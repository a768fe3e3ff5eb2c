"""What is varied, read from text; what is wrong names the axis and shows a right one."""

from pathlib import Path

import pandas as pd
import pytest

from markets.refused import Refused
from simulator.sweep.axes import Axis, Range, Sample, read_axis, read_sample, read_seeds


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("low_payoff=0.1:0.5:5", Axis("low_payoff", (0.1, 0.2, 0.3, 0.4, 0.5))),
        ("traders=100:300:3", Axis("traders", (100, 200, 300))),
        ("x=1:2:3", Axis("x", (1.0, 1.5, 2.0))),
        ("x=1:0:3", Axis("x", (1.0, 0.5, 0.0))),
        ("x=-1e-3:1e-3:2", Axis("x", (-0.001, 0.001))),
        ("haircuts=[0.01],[0.03, 0.1]", Axis("haircuts", ([0.01], [0.03, 0.1]))),
        ("market=short,long", Axis("market", ("short", "long"))),
        ("reuse=true,false", Axis("reuse", (True, False))),
        ("beliefs=beta(2, 3),uniform", Axis("beliefs", ("beta(2, 3)", "uniform"))),
        ('correlation={"belief, cash" = 0.5}', Axis("correlation", ({"belief, cash": 0.5},))),
        ('name="a,b",c', Axis("name", ("a,b", "c"))),
        ("traders=1000", Axis("traders", (1000,))),
        ("low_payoff=0:1", Range("low_payoff", 0.0, 1.0)),
    ],
)
def test_an_axis_is_read(text: str, axis: Axis | Range) -> None:
    assert read_axis(text) == axis


def test_the_values_of_a_range_have_no_rounding_errors() -> None:
    axis = read_axis("x=0:1:11")
    assert isinstance(axis, Axis)
    assert axis.values == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    finer = read_axis("x=0:1:31")
    assert isinstance(finer, Axis)
    assert set(axis.values) <= set(finer.values)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", '"x" is no axis; write key=0:1:11'),
        ("=1", "is no axis"),
        ("x=0:1:2:3", 'x is "0:1:2:3", which is no range; write x=0:1:11'),
        ("x=0:1:y", 'x is "0:1:y", which is no range; write x=0:1:11'),
        ("x=0:1:1", "between 2 and 10,000,000 values: write x=0:1:11"),
        ("x=1:1:3", "between 2 and"),
        ("x=0:1:99999999999", "between 2 and"),
        ("x=0:1e999:3", "both ends must be finite"),
        ("x=2:1", "a range to sample goes up: x=0:1"),
        ("haircuts=[0.01],[0.03", "do not match; lists are written haircuts=[0.01],[0.03]"),
        ("x=1],[2", "do not match"),
        ("x=1,,2", "a value is empty; write x=a,b,c"),
        ("x=", "a value is empty"),
        ("x=@nothing.txt", "x is taken from a file: nothing.txt can't be read: No such file"),
    ],
)
def test_what_is_no_axis_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        read_axis(text)
    assert said in str(refused.value)


def test_values_come_from_files(tmp_path: Path) -> None:
    lines, table = tmp_path / "haircuts.txt", tmp_path / "points.csv"
    lines.write_text("[0.01]\n\n[0.03, 0.1]\n")
    assert read_axis(f"haircuts=@{lines}") == Axis("haircuts", ([0.01], [0.03, 0.1]))
    pd.DataFrame({"low_payoff": [0.5, 0.6], "market": ["short", "long"]}).to_csv(table)
    assert read_axis(f"low_payoff=@{table}") == Axis("low_payoff", (0.5, 0.6))
    assert read_axis(f"market=@{table}") == Axis("market", ("short", "long"))
    with pytest.raises(Refused, match="has no column cash; its columns are"):
        read_axis(f"cash=@{table}")
    lines.write_text("\n")
    with pytest.raises(Refused, match="has no values; write one per line"):
        read_axis(f"haircuts=@{lines}")


def test_seeds_are_read() -> None:
    assert read_seeds("0:3") == (0, 1, 2)
    assert read_seeds("7") == (7,)
    assert read_seeds("3,1,3") == (3, 1)
    for text in ("3:3", "a", "1:2:3", "-1", "", "0:99999999999", str(2**63)):
        with pytest.raises(Refused, match="write 0:20 for the twenty seeds 0 to 19"):
            read_seeds(text)


def test_samples_are_read() -> None:
    assert read_sample("sobol:64") == Sample("sobol", 64)
    assert read_sample("latin:500") == Sample("latin", 500)
    with pytest.raises(Refused, match="power of 2, for instance sobol:128"):
        read_sample("sobol:100")
    for text in ("sobol", "sobol:0", "random:5", "latin:99999999999"):
        with pytest.raises(Refused, match="write sobol:4096 or latin:500"):
            read_sample(text)
