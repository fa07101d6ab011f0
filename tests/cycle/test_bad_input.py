"""Wrong words and bad places: one clear line with the cure, a non-zero exit, nothing half-written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"


def call(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours as a person would."""
    env = {**os.environ, "LAKEHOUSE_PYTHON": sys.executable, "NO_COLOR": "1", **environment}
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, cwd=ROOT, env=env, timeout=120)


def submitted(*words: object) -> subprocess.CompletedProcess[str]:
    """Run a job by spark-submit, which sends both streams of the script to standard output: here, the error alone."""
    done = call("./spark_local.sh", *words)
    if done.stdout:
        done.stdout, done.stderr = "", done.stdout
    return done


def runner(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return call(sys.executable, "local_runner.py", *words, **environment)


def assert_one_line(done: subprocess.CompletedProcess[str], exit_code: int, *wanted: str) -> None:
    assert done.returncode == exit_code, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert "Traceback" not in done.stdout + done.stderr
    for words in wanted:
        assert words in lines[0]


def test_a_missing_landing_directory(tmp_path: Path) -> None:
    done = runner("--output-dir", tmp_path / "lake", "--landing-dir", tmp_path / "nowhere")
    assert_one_line(done, 3, "does not exist", "nowhere", "erp_orders*.csv")
    assert not (tmp_path / "lake" / "raw").exists()


def test_an_empty_landing_directory(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    done = runner("--output-dir", tmp_path / "lake", "--landing-dir", tmp_path / "landing")
    assert_one_line(done, 3, "has no file", "landing", "web_events*.json")


def test_a_landing_directory_with_nothing_for_us(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    done = runner("--output-dir", tmp_path / "lake", "--landing-dir", tmp_path)
    assert_one_line(done, 3, "has 1 file, but no name matches")


def test_an_output_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = runner("--output-dir", tmp_path / "file" / "lake")
    assert_one_line(done, 3, "Cannot write the lake", "Not a directory", "Name a folder that can be written")


def test_a_wrong_java(tmp_path: Path) -> None:
    home = tmp_path / "java-11"
    (home / "bin").mkdir(parents=True)
    (home / "release").write_text('JAVA_VERSION="11.0.2"\n')
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if not (Path(p) / "java").exists())
    cache = tmp_path / "cache"
    shutil.copytree(ROOT / ".cache" / "jars", cache / "jars")
    done = runner(
        "--output-dir", tmp_path / "lake", JAVA_HOME=str(home), PATH=path, LAKEHOUSE_CACHE=str(cache)
    )  # fmt: skip
    assert done.returncode == 3
    assert "Java 17 or 21; found Java 11" in done.stdout
    assert "make setup" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "hint"),
    [(["--output-dri", "x"], "Did you mean '--output-dir'?"), (["--landing-dir"], "requires an argument")],
)
def test_an_unknown_option_of_the_runner(words: list[str], hint: str) -> None:
    assert_one_line(runner(*words), 2, hint)


@pytest.mark.parametrize(
    ("words", "exit_code", "hint"),
    [
        (["ingst"], 2, "There is no job 'ingst'"),
        (["ingest", "--domain", "erq", "--lake_root", "{tmp}"], 2, "There is no domain 'erq'. Did you mean 'erp'?"),
        (["ingest", "--domain", "marts", "--lake_root", "{tmp}"], 2, "There is no domain 'marts'"),
        (["ingest", "--domain", "erp"], 2, "--lake_root is missing"),
        (["ingest", "--domian", "erp", "--lake_root", "{tmp}"], 2, "Did you mean 'domain'?"),
        (["maintain", "--lake_root"], 2, "--lake_root"),
    ],
)
def test_a_job_called_wrongly(tmp_path: Path, words: list[str], exit_code: int, hint: str) -> None:
    done = submitted(*(word.format(tmp=tmp_path / "lake") for word in words))
    assert_one_line(done, exit_code, hint)


@pytest.mark.parametrize(
    "words",
    [
        ["./spark_local.sh", "--help"],
        ["./spark_local.sh", "ingest", "--help"],
        ["./spark_local.sh", "transform", "--help"],
        [sys.executable, "local_runner.py", "--help"],
        [sys.executable, "-m", "lakehouse", "--help"],
    ],
)
def test_help_teaches(words: list[str]) -> None:
    done = call(*words)
    assert done.returncode == 0
    assert "usage" in done.stdout.lower()
    assert done.stderr == ""
