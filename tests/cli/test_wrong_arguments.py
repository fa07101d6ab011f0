"""A wrong argument is one line on standard error that names the nearest known word, and exit code 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.cli.main import main

ROOT = Path(__file__).parents[2]
HERE = ["--lake", "{tmp}"]


@pytest.mark.parametrize(
    ("words", "exit_code", "hint"),
    [
        (["qurey", "select 1"], 2, "There is no command 'qurey'. Did you mean 'query'?"),
        (["quarantine", "repare", "erp_orders"], 2, "There is no command 'repare'. Did you mean 'repair'?"),
        ([], 2, "Missing command. See lakehouse --help."),
        (["layout"], 2, "Missing command. See lakehouse layout --help."),
        (["query"], 2, "Missing argument 'SQL'. See lakehouse query --help."),
        (["query", "select 1", "more"], 2, "unexpected extra argument"),
        (["query", "select 1", "--cvs"], 2, "Did you mean '--csv'? See lakehouse query --help."),
        (["query", "select 1", "--par", "x"], 2, "There is no option '--par'"),
        (["query", "select 1", "--lake"], 2, "Option '--lake' requires an argument."),
        (["query", "select 1", "--csv", "--parquet", "x"], 2, "--csv and --parquet exclude each other"),
        (["query", "select 1", *HERE], 3, "No tables in the lake"),
        (["--lake", "x", "tables"], 2, "There is no option '--lake' here; write it after the command."),
        (["--halp"], 2, "There is no option '--halp'. Did you mean '--help'?"),
        (["tables", "-x"], 2, "There is no option '-x'. Known: --help, --lake."),
        (["quarantine", "repair", "erp_orders", "1:1", "--set", "quantity=2"], 2, "Missing option '--why'."),
        (["quarantine", "discard", "erp_orders", "--why", "x", *HERE], 2, "Name rows as BATCH:NUMBER"),
        (["quarantine", "show", "erp_orders", "one", *HERE], 2, "'one'"),
        (["quarantine", "show", "erp_orders", "1:1", *HERE], 3, "there is no row 1:1 in quarantine"),
        (["quarantine", "list", "erp_order"], 2, "Did you mean 'erp_orders'?"),
        (["quarantine", "list", "--ruel", "x"], 2, "Did you mean '--rule'?"),
        (["quarantine", "list", "--state", "opne"], 2, "'opne' is not known. Did you mean 'open'?"),
        (["quarantine", "list", "--batch", "one"], 2, "'--batch': 'one' is not a whole number."),
        (["batch", "accept", "erp_orders:1", "--why", "x", *HERE], 3, "batch 1 is not known"),
        (["batch", "accept", "erp_orders", "--why", "x", *HERE], 3, "is no number"),
        (["run", "--domain", "erq", *HERE], 2, "There is no domain 'erq'. Did you mean 'erp'?"),
        (["run", "--until", "ingets", *HERE], 2, "There is no step 'ingets'. Did you mean 'ingest'?"),
        (["run", "--log-level", "debug", *HERE], 2, "'debug' is not known. Known: info, warning."),
        (["publish", "fct_daily_store_metrics", *HERE], 2, "TABLE and --as-of go together"),
        (["maintain", "--max-bytes", "0", *HERE], 2, "at least 1"),
        (["layout", "show", "--row-groups", *HERE], 2, "--picture and --row-groups need a TABLE."),
    ],
)
def test_the_command_called_wrongly(
    tmp_path: Path, words: list[str], exit_code: int, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word.format(tmp=tmp_path / "lake") for word in words]) == exit_code
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert line.startswith("error: ")
    assert hint in line
    assert printed.out == ""
    assert not (tmp_path / "lake").exists()


def test_a_process_ends_with_the_exit_code() -> None:
    command = [sys.executable, "-m", "lakehouse", "quarantine", "list", "erp_order"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: There is no dataset 'erp_order'. Did you mean 'erp_orders'?\n"
