"""The command from end to end, in a process of its own where it matters."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib.image
import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from scenarios.repo.margin_hike import MarginHikeScenario
from simulator.certificate import Certificate, Condition
from simulator.stopping import Stopped
from walras.command import app

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--set", "traders=200"]


def walras(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def python(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        **options,
    )


def apart(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    return python("-m", "walras", *words, **options)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    result = walras("run", "margin-hike", *SMALL, "--out", str(folder), "--quiet")
    assert result.exit_code == 0, result.output
    (run,) = folder.iterdir()
    return run


def copy_of(exported: Path, tmp_path: Path) -> Path:
    copy = tmp_path / exported.name
    shutil.copytree(exported, copy)
    return copy


def test_list_names_every_scenario_with_its_source() -> None:
    said = walras("list").stdout
    assert "margin-hike" in said
    assert "Bottazzi" in said


def test_show_tells_default_unit_range_and_meaning() -> None:
    said = walras("show", "margin-hike").stdout
    for word in ("haircuts", "[0.01, 0.03]", "[0, 1)", "low_payoff", "beliefs", "beta(a, b)"):
        assert word in said


def test_shown_toml_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "my.toml"
    file.write_text(walras("show", "margin-hike", "--toml").stdout)
    result = walras("run", str(file), *SMALL, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["parameters"]["traders"] == 200
    assert list(tmp_path.iterdir()) == [file]


def test_json_is_one_document_alone_on_stdout(tmp_path: Path) -> None:
    result = apart("run", "margin-hike", *SMALL, "--json", cwd=tmp_path)
    assert result.returncode == 0
    document = json.loads(result.stdout)
    assert document["scenario"] == "margin-hike"
    assert document["outcome"] == "cleared"
    assert document["seed"] == 0
    assert [date["haircut"] for date in document["dates"]] == [0.01, 0.03]
    for date in document["dates"]:
        assert set(date["quotes"]) == {"security_price", "repo_rate"}
        assert {"security_price", "repo_rate"} <= set(date["closed_form"])
        assert date["certificate"]["holds"] is True
        assert {"name", "residual", "tolerance", "holds"} <= set(
            date["certificate"]["conditions"][0]
        )
        assert date["verdict"] == "short"
        assert 0.0 < date["marginal_long"] <= date["marginal_short"] < 1.0
    assert list(tmp_path.iterdir()) == []


def test_progress_goes_to_stderr_and_the_table_to_stdout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = walras("run", "margin-hike", *SMALL, "--no-plots")
    assert result.exit_code == 0
    assert "security_price" in result.stdout
    assert "closed form" in result.stdout
    assert (tmp_path / "runs").is_dir()
    words = ("--no-plots", "--quiet", "--out", str(tmp_path))
    quiet = walras("run", "margin-hike", *SMALL, *words)
    assert quiet.stderr == ""


def test_an_export_holds_tables_figures_and_manifest(exported: Path) -> None:
    names = {path.name for path in exported.iterdir()}
    kinds = ("csv", "parquet")
    tables = {f"{table}.{kind}" for table in ("rounds", "dates", "agents") for kind in kinds}
    assert tables <= names
    assert {"manifest.json", "parameters.toml"} <= names
    figures = [name for name in names if name.endswith(".png")]
    assert len(figures) == 5
    for kind in ("svg", "pdf"):
        assert {name.replace(".png", f".{kind}") for name in figures} <= names
    agents = pd.read_parquet(exported / "agents.parquet")
    assert len(agents) == 2 * 200
    pd.testing.assert_frame_equal(
        agents, pd.read_csv(exported / "agents.csv"), check_exact=False, check_dtype=False
    )
    manifest = json.loads((exported / "manifest.json").read_text())
    assert {"scenario", "parameters", "seed", "versions", "outcome", "files"} <= set(manifest)


def test_the_manifest_repeats_the_run_bit_by_bit(exported: Path, tmp_path: Path) -> None:
    again = walras(
        "run", str(exported / "parameters.toml"), "--seed", "0", "--out", str(tmp_path), "--quiet"
    )
    assert again.exit_code == 0
    (run,) = tmp_path.iterdir()
    assert run.name == exported.name
    for path in exported.iterdir():
        if path.name != "manifest.json":
            assert path.read_bytes() == (run / path.name).read_bytes(), path.name
    # the checkout that runs the test may change under it; nothing else in the manifest may
    one, other = (json.loads((f / "manifest.json").read_text()) for f in (exported, run))
    for manifest in (one, other):
        del manifest["revision"], manifest["seal"]
    assert one == other


def test_verify_certifies_from_the_files_alone(exported: Path) -> None:
    result = walras("verify", str(exported))
    assert result.exit_code == 0
    assert "as they were exported" in result.stdout
    assert walras("verify", str(exported.parent)).exit_code == 0


def test_verify_says_what_a_sample_did_not_let_it_recheck(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.point.AGENTS_LIMIT", 100)
    monkeypatch.setattr("simulator.point.AGENTS_SAMPLE", 50)
    run = walras("run", "margin-hike", *SMALL, "--out", str(tmp_path), "--no-plots", "--quiet")
    assert run.exit_code == 0
    result = walras("verify", str(tmp_path))
    assert result.exit_code == 0
    assert "not rechecked" in result.stdout


@pytest.mark.parametrize("file", ["dates.parquet", "agents.csv", "quotes_by_round.png"])
def test_verify_notices_an_altered_file(exported: Path, tmp_path: Path, file: str) -> None:
    copy = copy_of(exported, tmp_path)
    content = bytearray((copy / file).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / file).write_bytes(bytes(content))
    result = walras("verify", str(copy))
    assert result.exit_code == 2
    assert file in result.stderr


def test_verify_notices_a_price_that_was_made_nicer(exported: Path, tmp_path: Path) -> None:
    """Even with digests redone, a price is that of the last round, and others follow from it."""
    from simulator.export import digest, seal

    copy = copy_of(exported, tmp_path)
    dates = pd.read_parquet(copy / "dates.parquet")
    dates["security_price"] += 1e-4
    dates.to_parquet(copy / "dates.parquet", index=False)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["dates.parquet"] = digest(copy / "dates.parquet")
    manifest["seal"] = seal(manifest)
    (copy / "manifest.json").write_text(json.dumps(manifest))
    result = walras("verify", str(copy))
    assert result.exit_code == 2
    assert "dates.parquet: " in result.stderr
    assert " no " in result.stdout  # and is not certified


@pytest.mark.parametrize("harm", ["truncated", "foreign", "empty", "missing", "unsealed", "gone"])
def test_verify_refuses_what_is_no_whole_run(exported: Path, tmp_path: Path, harm: str) -> None:
    copy = copy_of(exported, tmp_path)
    manifest = copy / "manifest.json"
    if harm == "truncated":
        manifest.write_text(manifest.read_text()[:200])
    elif harm == "foreign":
        manifest.write_text('{"name": "something else"}')
    elif harm == "empty":
        manifest.unlink()
    elif harm == "missing":
        (copy / "agents.parquet").unlink()
    elif harm == "unsealed":
        manifest.write_text(manifest.read_text().replace('"seed": 0', '"seed": 1'))
    else:
        shutil.rmtree(copy)
    result = walras("verify", str(copy))
    assert result.exit_code == 2
    assert result.stderr.startswith("walras: ")


def test_a_run_that_does_not_clear_is_exported_and_exits_3(tmp_path: Path) -> None:
    result = walras(
        "run", "margin-hike", *SMALL, "--set", "max_rounds=2", "--out", str(tmp_path), "--no-plots"
    )
    assert result.exit_code == 3
    assert "ran out of rounds" in result.stderr
    (run,) = tmp_path.iterdir()
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["outcome"] == "ran out of rounds"
    assert len(pd.read_parquet(run / "rounds.parquet")) == 4


BAD = {
    "haircut": (["--set", "haircuts=[1.2]"], "haircuts[0] is 1.2"),
    "no haircut": (["--set", "haircuts=[]"], "at least one haircut"),
    "payoffs": (["--set", "low_payoff=2"], "low_payoff is 2.0 and high_payoff is 1.15"),
    "nan": (["--set", "cash=nan"], "cash is nan"),
    "negative": (["--set", "securities=-1"], "securities is -1"),
    "belief": (["--set", "beliefs=[0.5, 2.0]"], "beliefs contains 2.0"),
    "distribution": (["--set", "beliefs=cauchy"], 'beliefs is "cauchy"'),
    "one trader": (["--set", "traders=1"], "traders is 1"),
    "misspelt": (["--set", "hiarcuts=[0.1]"], 'did you mean "haircuts"'),
    "no value": (["--set", "traders"], "is not an assignment"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_exits_2_with_one_sentence(name: str, tmp_path: Path) -> None:
    words, said = BAD[name]
    out = tmp_path / "out"
    result = walras("run", "margin-hike", *words, "--out", str(out), "--quiet")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.startswith("walras: ")
    assert result.stderr.count("\n") == 1
    assert not out.exists()


def test_an_unknown_scenario_suggests_the_nearest() -> None:
    result = walras("run", "margin-hikes")
    assert result.exit_code == 2
    assert 'did you mean "margin-hike"' in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('scenario = "margin-hike"\n[parameters]\nhaircuts = [0.1\n', "line 3, column 16"),
        ('scenario = "margin-hike"\nseed == 1\n', "line 2, column 7"),
        ("traders = 3\n", "names no scenario"),
        ('scenario = "margin-hike"\ntraders = 3\n', "outside [parameters]"),
        ('scenario = "nothing"\n', "is not a scenario"),
    ],
)
def test_a_bad_file_says_where(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text)
    result = walras("run", str(file), "--json")
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    result = walras("run", str(tmp_path / "nothing.toml"))
    assert result.exit_code == 2
    assert "nothing.toml can't be read" in result.stderr


def test_out_must_be_a_folder_that_can_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    for out in (file, file / "below"):
        result = walras("run", "margin-hike", *SMALL, "--out", str(out))
        assert result.exit_code == 2
        assert str(file) in result.stderr
    assert file.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [file]


def test_a_killed_run_leaves_nothing_under_its_final_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("simulator.export._write_manifest", killed)
    result = walras("run", "margin-hike", *SMALL, "--out", str(tmp_path), "--no-plots")
    assert result.exit_code != 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [(), ("--json",), ("--quiet", "--set", "max_rounds=1")])
def test_a_full_disk_is_one_sentence_and_the_result_is_printed(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))

    monkeypatch.setattr("simulator.export._write_tables", full)
    result = walras("run", "exchange", *words, "--out", str(tmp_path), "--no-plots")
    assert result.exit_code == 2
    assert "exchange" in result.stdout
    said = r"walras: \S+ can't be written \(File too large\); nothing of it was kept\n"
    assert re.fullmatch(said, result.stderr)
    assert list(tmp_path.iterdir()) == []


def test_what_a_study_found_is_printed_though_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("simulator.report_folder.to_toml", full)
    result = walras("sensitivities", "exchange", "--out", str(tmp_path), "--no-plots")
    assert result.exit_code == 2
    assert "exchange" in result.stdout
    assert "No space left on device" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_defect_is_told_though_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fail(self: object, parameters: object, point: Any) -> Certificate:
        if point.date == 2:
            raise ValueError("not a matter of input")
        return real(self, parameters, point)  # type: ignore[arg-type]

    real = MarginHikeScenario.certify
    monkeypatch.setattr(MarginHikeScenario, "certify", fail)
    monkeypatch.setattr("simulator.export._write_tables", full)
    result = walras("run", "margin-hike", *SMALL, "--out", str(tmp_path), "--no-plots")
    assert result.exit_code == 1
    assert "not a matter of input" in result.stderr
    assert "No space left on device" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_verify_passes_over_what_killed_writers_left(tmp_path: Path) -> None:
    words = ("--out", str(tmp_path), "--no-plots", "--quiet")
    assert walras("run", "exchange", *words).exit_code == 0
    (run,) = tmp_path.iterdir()
    inside, beside = (place / ".walras-0123456789abcdef" for place in (run, tmp_path))
    for hidden in (inside, beside):
        hidden.mkdir()
        (hidden / "lock").touch()
        (hidden / "manifest.json").write_text("{")
    for folder in (run, tmp_path):
        result = walras("verify", str(folder))
        assert result.exit_code == 0, result.stderr
        assert "files are as they were exported" in result.stdout
    (beside / "manifest.json").unlink()
    (beside / "new" / run.name).mkdir(parents=True)  # a writer that was killed between two steps
    (beside / "old").mkdir()
    run.rename(beside / "old" / run.name)
    assert walras("verify", str(run)).exit_code == 0
    assert list(tmp_path.iterdir()) == [run]


def test_verify_checks_every_run_in_a_folder(tmp_path: Path) -> None:
    for market in ("short", "long"):
        words = ("--set", f"market={market}", "--out", str(tmp_path), "--no-plots", "--quiet")
        assert walras("run", "margin-hike", *SMALL, *words).exit_code == 0
    result = walras("verify", str(tmp_path))
    assert result.exit_code == 0
    for run in tmp_path.iterdir():
        assert str(run) in result.stdout
    assert result.stdout.count("files are as they were exported") == 2


@pytest.mark.parametrize("columns", [20, 80, 300])
def test_numbers_are_whole_at_any_width(
    columns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("walras.printing.out", Console(soft_wrap=True, width=columns))
    words = ("--set", "assets=none", "--no-plots", "--no-studies", "--out", str(tmp_path))
    said = walras("run", "collateral-equilibrium", *words).stdout
    assert "\N{HORIZONTAL ELLIPSIS}" not in said
    dates = pd.read_parquet(next(tmp_path.iterdir()) / "dates.parquet")
    for price in dates["asset_price"]:
        assert f"{price:.9f}" in said


def test_many_dates_print_the_comparison_that_the_run_is_about(tmp_path: Path) -> None:
    words = ("--set", "dates=21", "--no-plots", "--no-studies", "--quiet", "--out", str(tmp_path))
    said = walras("run", "margin-procyclicality", *words).stdout
    rules = ("flat", "linear", "volatility", "anti-procyclical")
    report, _, dates = said.partition("the last of 21 dates of each case:")
    for rule in rules:
        assert report.count(f"\n{rule}") == 1, said
        assert dates.count(f"\n{rule}") == 1, said


def test_of_many_dates_compare_prints_the_last_and_verify_those_that_fail(tmp_path: Path) -> None:
    asked = ("--set", "dates=21", "--set", 'rules=["flat", "linear"]')
    for seed in ("0", "1"):
        walras(
            "run", "margin-procyclicality", *asked, "--seed", seed, "--no-plots", "--no-studies",
            "--quiet", "--out", str(tmp_path),
        )  # fmt: skip
    _, _, last = walras("compare", str(tmp_path)).stdout.partition("the last date of each case:")
    assert last.count("security_price") == 2
    assert last.count("  21  ") == 4
    said = walras("verify", str(tmp_path)).stdout
    assert said.count("42 of 42 dates are certified again") == 2
    assert "clearing" not in said


INTERRUPTED = """
import os, signal, threading
from simulator import export
from simulator.economy import Economy
from walras.__main__ import main

def step_and_stop(economy):
    step(economy)
    if economy.round == 20:
        os.kill(os.getpid(), signal.SIGTERM)

def write_and_stop(*given):
    os.kill(os.getpid(), signal.SIGINT)
    write(*given)

step, Economy.step = Economy.step, step_and_stop
write, export._write_tables = export._write_tables, write_and_stop
try:
    main()
finally:
    assert threading.enumerate() == [threading.main_thread()]
"""
"""The command, which is sent a real signal in the first 20th round of a date, and another one while
the record is written."""


def test_interrupted_runs_keep_what_was_done_and_say_so(tmp_path: Path) -> None:
    words = ("--set", "dates=500", "--no-plots", "--out", str(tmp_path))
    process = python("-c", INTERRUPTED, "run", "margin-procyclicality", *words)
    assert process.returncode == 143, process.stderr
    (run,) = tmp_path.iterdir()
    assert run.name.endswith("-unfinished")  # a finished one of these parameters stays
    assert process.stderr == f"walras: stopped by SIGTERM; the record so far is in {run}\n"
    manifest = json.loads((run / "manifest.json").read_text())
    assert (manifest["outcome"], manifest["finished"]) == ("interrupted", False)
    assert pd.read_parquet(run / "rounds.parquet")["round"].iloc[-1] == 20


def test_a_signal_while_figures_are_drawn_keeps_the_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*given: object) -> None:
        raise Stopped(signal.SIGHUP)

    monkeypatch.setattr("simulator.export._figures", stop)
    result = walras("run", "margin-hike", *SMALL, "--no-studies", "--out", str(tmp_path), "--quiet")
    assert result.exit_code == 129, result.output
    (run,) = tmp_path.iterdir()
    assert result.stderr.startswith("walras: stopped by SIGHUP; the record so far is in ")
    assert json.loads((run / "manifest.json").read_text())["outcome"] == "interrupted"
    assert len(pd.read_parquet(run / "dates.parquet")) == 2


def test_a_defect_is_a_traceback_and_the_record_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, parameters: object, point: Any) -> None:
        if point.date == 2:
            raise ValueError("not a matter of input")
        return real(self, parameters, point)  # type: ignore[arg-type, return-value]

    real = MarginHikeScenario.certify
    monkeypatch.setattr(MarginHikeScenario, "certify", fail)
    result = walras("run", "margin-hike", *SMALL, "--out", str(tmp_path), "--no-plots")
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert "not a matter of input" in result.stderr
    (run,) = tmp_path.iterdir()
    assert json.loads((run / "manifest.json").read_text())["finished"] is False
    assert pd.read_parquet(run / "dates.parquet")["outcome"].tolist() == [
        "cleared",
        "internal error",
    ]


def test_a_failed_certificate_names_the_condition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object, parameters: object, point: object) -> Certificate:
        return Certificate((Condition("budget", 0.5, 1e-9, "nobody overspends"),))

    monkeypatch.setattr(MarginHikeScenario, "certify", refuse)
    result = walras("run", "margin-hike", *SMALL, "--out", str(tmp_path), "--no-plots")
    assert result.exit_code == 3
    assert "budget fails: its residual is 5.00e-01" in result.stderr


@pytest.mark.parametrize(
    ("width", "dpi"), [("84", "600"), pytest.param("170", "150", marks=pytest.mark.slow)]
)
def test_figures_come_in_the_width_of_a_column(width: str, dpi: str, tmp_path: Path) -> None:
    words = ("--width", width, "--dpi", dpi, "--out", str(tmp_path), "--quiet")
    assert walras("run", "margin-hike", *SMALL, "--no-studies", *words).exit_code == 0
    (run,) = tmp_path.iterdir()
    assert not (run / "price_against_haircut.png").exists()
    image = matplotlib.image.imread(run / "quotes_by_round.png")
    assert image.shape[1] == pytest.approx(float(width) / 25.4 * float(dpi), abs=1.0)
    assert (run / "quotes_by_round.pdf").read_bytes().startswith(b"%PDF")
