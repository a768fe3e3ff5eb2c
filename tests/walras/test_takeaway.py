"""What a reader takes away repeats what the page showed."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from markets.refused import Refused
from scenarios.bankruptcy import bankruptcy
from scenarios.exchange import exchange
from scenarios.funding import margin_spiral
from scenarios.promises import collateral_equilibrium
from scenarios.repo import margin_hike
from simulator.parameters import parse, read_toml
from simulator.run import Run
from simulator.scenario import Scenario
from walras import takeaway
from walras.catalogue import TITLES, find
from walras.serving import Asked
from walras.watched import Watched


def played(watched: Watched, *announced: float | None) -> Watched:
    while watched.running:
        watched.step()
    for value in announced:
        watched.announce(value)
        while watched.running:
            watched.step()
    return watched


def repeated(watched: Watched, folder: Path) -> Run[Any]:
    """The run of the file that the page offers."""
    file = folder / "page.toml"
    file.write_text(takeaway.toml(watched), encoding="utf-8")
    assert f"--seed {watched.seed}" in file.read_text(encoding="utf-8")
    name, given = read_toml(file)
    assert name == watched.what.name
    parameters = dict(parse(watched.what.parameters, given))
    scenario = find(name)
    return scenario.run(seed=watched.seed, studies=False, **parameters)


def unpacked(watched: Watched) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(takeaway.tables(watched))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


HIKE, SPIRAL = margin_hike.SCENARIO, margin_spiral.SCENARIO
SHOWN: list[tuple[Scenario[Any], dict[str, Any], int, tuple[float | None, ...]]] = [
    (HIKE, {"haircuts": 0.02, "beliefs": "beta(2, 3)", "traders": 300}, 0, (0.05, 0.01)),
    (HIKE, {"rule": "plain", "step": "0.5", "traders": 40, "max_rounds": "15"}, 0, (0.1,)),
    (SPIRAL, {"experts_wealth": -4.4, "customers_supply": 2.5}, 0, (-4.6, -4.4)),
    (
        collateral_equilibrium.SCENARIO,
        {"low_payoff": 0.2, "traders": 100, "case": "borrowing"},
        0,
        (0.1,),
    ),
    (bankruptcy.SCENARIO, {"short_limit": "", "lender_endowment_now": "3.5"}, 0, ()),
    (exchange.SCENARIO, {"rule": "plain", "start": "random", "max_rounds": "60"}, 5, ()),
]


@pytest.mark.parametrize(("scenario", "controls", "seed", "announced"), SHOWN)
def test_the_file_of_parameters_repeats_what_was_on_the_screen_to_the_last_byte(
    scenario: Scenario[Any],
    controls: dict[str, Any],
    seed: int,
    announced: tuple[float | None, ...],
    tmp_path: Path,
) -> None:
    watched = played(Watched(scenario, seed=seed, controls=controls), *announced)
    assert watched.problem == ""
    run, tables = repeated(watched, tmp_path), unpacked(watched)
    for name in ("rounds", "dates", "agents"):
        table: pd.DataFrame = getattr(run, name)
        shown = pd.read_csv(io.StringIO(tables[f"{name}.csv"]))
        assert len(shown) > 0
        same = table.loc[table["case"] == watched.case, list(shown.columns)]
        assert tables[f"{name}.csv"] == same.to_csv(index=False)
    assert set(tables) == {
        f"{takeaway.file_name(watched)}.toml",
        "rounds.csv",
        "dates.csv",
        "agents.csv",
        "certificates.csv",
    }
    assert takeaway.tables(watched) == takeaway.tables(watched)


def test_what_was_not_announced_is_not_repeated(tmp_path: Path) -> None:
    watched = played(Watched(HIKE, given=(("traders", 50), ("haircuts", [0.02, 0.05]))))
    assert len(repeated(watched, tmp_path).dates) == 1


def test_an_announcement_for_which_a_run_waits_is_told() -> None:
    watched = Watched(HIKE, given=(("traders", 50),))
    watched.step()
    watched.announce(0.03)
    assert "announced before the markets rested, for which a run waits: date 2" in takeaway.toml(
        watched
    )
    played(watched).announce(0.05)
    assert watched.early == [2]


def opened(query: str, served: Asked) -> Watched:
    """The market of a link, as the page opens it."""
    asked = served.linked(query.removeprefix("?"), served.scenario)
    return Watched(
        find(asked.scenario),
        asked.seed,
        tuple(asked.given.items()),
        asked.case,
        files=asked.trusted,
        bounds=asked.bounds,
    )


@pytest.mark.parametrize(("scenario", "controls", "seed", "announced"), SHOWN)
def test_a_link_opens_the_same_market(
    scenario: Scenario[Any],
    controls: dict[str, Any],
    seed: int,
    announced: tuple[float | None, ...],
) -> None:
    watched = Watched(scenario, seed=seed, controls=controls)
    watched.step()
    if announced:
        watched.announce(announced[0])
    found = opened(takeaway.link(watched), Asked("prepayment"))
    assert found.problem == ""
    assert found.parameters == watched.parameters
    assert (found.seed, found.case) == (watched.seed, watched.case)
    if announced:
        assert found.planned == announced[0]


@pytest.mark.parametrize("name", TITLES)
def test_every_scenario_is_opened_by_its_name(name: str) -> None:
    asked = Asked("margin-hike", {"traders": 5}, 3).linked(f"scenario={name}", "margin-hike")
    assert asked.scenario == name
    assert dict(asked.given) == ({"traders": 5} if name == "margin-hike" else {})


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("scenario=margin-hikes", 'did you mean "margin-hike"?'),
        ("scenario=elsewhere.py", '"elsewhere.py"'),
        ("seed=-1", 'seed is "-1"; it must be a whole number of at least 0'),
        ("traders=5&traders=6", "the link has traders twice"),
        ("haircuts=[1.5]", "haircuts[0] is 1.5"),
        ("haircuts=[0.1", "haircuts is [0.1, which is not TOML"),
        ("traderz=5", 'did you mean "traders"?'),
        ("low_payoff=2", "low_payoff is 2.0 and high_payoff is 1.15"),
        ("low_payoff=NaN", "low_payoff is"),
        ("case=nowhere", 'case is "nowhere"; it must be one of short'),
    ],
)
def test_a_link_that_can_not_be_opened_says_so_in_a_sentence(query: str, said: str) -> None:
    try:
        problem = opened(query, Asked("margin-hike")).problem
    except Refused as error:
        problem = str(error)
    assert said in problem
    assert "\n" not in problem


def test_a_link_has_no_code_executed(tmp_path: Path) -> None:
    rule = tmp_path / "rule.py"
    rule.write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n", encoding="utf-8")
    for value in (f'{{"file": "{rule}", "rule": "Rule"}}', f'{{file = "{rule}", rule = "Rule"}}'):
        watched = opened(f"traders=50&margin={value}", Asked("margin-hike"))
        assert "it must be the name of a file that the command line names" in watched.problem
    assert not (tmp_path / "ran").exists()
