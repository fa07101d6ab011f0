"""`lakehouse doctor` on a laptop: each fault is planted, and its line is read."""

from __future__ import annotations

from datetime import date
from importlib import metadata
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.errors import LakehouseError
from lakehouse.runtime import doctor
from lakehouse.runtime.doctor import Line, laptop, release_line, releases, report
from lakehouse.runtime.spark_settings import DELTA_PACKAGE


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose machine has all that it needs."""
    _, artifact, version = DELTA_PACKAGE.split(":")
    (tmp_path / ".cache/jars").mkdir(parents=True)
    (tmp_path / f".cache/jars/{artifact}-{version}.jar").touch()
    (tmp_path / "requirements.txt").write_text(f"pytest=={metadata.version('pytest')}\n")
    monkeypatch.setattr(doctor, "find_java", lambda cache: "/opt/java17")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return Project(tmp_path)


def wrong(project: Project, python: tuple[int, int] = (3, 11)) -> list[str]:
    lines: list[str] = []
    number = report(laptop(project, python), lines.append)
    found = [one for one in lines if one.startswith("no")]
    assert number == len(found)
    return found


def test_a_whole_laptop_has_nothing_to_do(whole: Project) -> None:
    assert wrong(whole) == []


def test_another_python_is_named(whole: Project) -> None:
    assert wrong(whole, (3, 9)) == ["no  Python: 3.9; wanted 3.11 or 3.12 or 3.13; run `make setup PYTHON=python3.11`"]


def test_no_java_is_named(whole: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(cache: Path) -> None:
        raise LakehouseError("Spark 4.1 needs Java 17 or 21; found Java 8 in /opt/java8. Set JAVA_HOME to one.")

    monkeypatch.setattr(doctor, "find_java", none)
    assert wrong(whole) == ["no  Java: found Java 8 in /opt/java8; wanted 17 or 21; set JAVA_HOME, or run `make setup`"]


def test_a_java_home_without_java_is_named_though_a_run_finds_another(
    whole: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    assert wrong(whole) == [
        "no  JAVA_HOME: /nowhere, where no Java is; wanted the home of one; unset it, or set it to Java's home"
    ]


def test_who_deploys_learns_what_is_lacking_and_others_have_no_fault(
    whole: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None if name == "terraform" else f"/bin/{name}")
    lines: list[str] = []
    assert report(laptop(whole, (3, 11)), lines.append) == 0
    assert "ok  programs to deploy with: without terraform, which `make deploy` needs" in lines


def test_missing_and_old_jars_are_named(whole: Project) -> None:
    _, artifact, version = DELTA_PACKAGE.split(":")
    (jar,) = whole.cache.glob("jars/*.jar")
    jar.rename(jar.with_name(f"{artifact}-3.0.0.jar"))
    assert wrong(whole) == [f"no  Delta's jars: {artifact}:3.0.0; wanted {artifact}:{version}; run `make setup`"]
    next(whole.cache.glob("jars/*.jar")).unlink()
    assert wrong(whole) == [f"no  Delta's jars: none; wanted {artifact}:{version}; run `make setup`"]


def test_packages_other_than_pinned_are_named(whole: Project) -> None:
    (whole.root / "requirements.txt").write_text("pytest==0.1\nno-such-package==1.0\n")
    (line,) = wrong(whole)
    assert line.startswith("no  packages: 2 other than pinned: pytest ")
    assert line.endswith("no-such-package missing; wanted 2 as pinned; run `make setup`")


def test_delta_must_be_that_of_glue(whole: Project) -> None:
    assert doctor._glue_delta("io.delta:delta-spark:9.9").found == "9.9"
    assert not doctor._glue_delta("io.delta:delta-spark:9.9").is_right
    assert doctor._glue_delta(DELTA_PACKAGE).is_right


@pytest.mark.parametrize(
    ("service", "version", "right", "words"),
    [
        ("glue", "6.0", True, "6.0"),
        ("glue", "5.1", False, "5.1 (lacks Spark 4"),
        ("glue", "7.0", False, "7.0 (unknown here)"),
        ("mwaa", "3.3.1", True, "3.3.1"),
        ("mwaa", "2.11.0", False, "2.11.0 (lacks airflow.sdk"),
    ],
)
def test_a_release_is_known_and_whole_or_said_to_lack(service: str, version: str, right: bool, words: str) -> None:
    line: Line = release_line(service, version)
    assert line.is_right is right
    assert line.found.startswith(words)
    assert set(releases()) == {"glue", "mwaa"}


def test_each_release_says_where_it_was_read_and_has_the_name_that_its_service_gives() -> None:
    rows = [(service, version, row) for service, known in releases().items() for version, row in known.items()]
    assert len(rows) == 4
    for service, version, row in rows:
        assert row["source"].startswith(("https://docs.aws.amazon.com/", "https://github.com/aws/")), version
        assert date(2026, 11, 1) <= date.fromisoformat(row["read"])
        # MWAA names a patch release, Glue none: under a shorter name an environment's own would be unknown.
        assert version.count(".") == {"glue": 1, "mwaa": 2}[service]
