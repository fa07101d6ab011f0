"""Random tables as CSV: the contract that `lakehouse new` writes holds every value, its key is unique, check passes."""

from __future__ import annotations

import tempfile
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lakehouse.cli.new_write import write_all
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.new_dataset import Wishes, propose
from lakehouse.contracts.new_files import new_contract, suite_text
from lakehouse.contracts.new_sample import sample_paths, sample_text
from lakehouse.contracts.project import Project
from lakehouse.ingest.look import look
from tests.helpers.new_datasets import write_csv
from tests.helpers.small_project import write_project

FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LATEST = datetime(2026, 1, 1)
INSTANTS = st.builds(
    lambda at, minutes: at.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat(),
    st.datetimes(datetime(1990, 1, 1), LATEST), st.integers(-14 * 60, 14 * 60),
)  # fmt: skip
DIGITS = st.text("0123456789", min_size=1, max_size=25)
DECIMALS = st.builds(lambda whole, part: f"{whole}.{part}", st.integers(-(10**24), 10**24), DIGITS)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffd\u0085"), max_size=8)
VALUES = st.sampled_from([
    st.integers(-(10**20), 10**20).map(str), st.integers(-99, 99).map(str), DIGITS, DECIMALS,
    st.decimals(-(10**6), 10**6, places=2).map(str), INSTANTS, st.dates(date(1000, 1, 1)).map(date.isoformat),
    st.datetimes().map(datetime.isoformat), st.sampled_from(["true", "False", "TRUE"]), st.floats().map(str),
    st.just(""), TEXTS, st.sampled_from(['a "quote", and\na line', "+44", "007", "1,5", "1e3", ".5", "5.", "-0"]),
])  # fmt: skip


@st.composite
def columns(draw: st.DrawFn, rows: int) -> list[str]:
    """The values of one column: of one form, with empty ones, or with words for null among them."""
    others = draw(st.sampled_from([[], [""], ["", ""], ["NULL"], ["n/a", ""], ["x"]]))
    value = draw(VALUES)
    kinds = st.one_of(value, value, *(st.just(word) for word in others))
    return draw(st.lists(kinds, min_size=rows, max_size=rows))


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """A header and rows with an id, a time of change, and columns of any name and form."""
    rows = draw(st.integers(1, 6))
    names = draw(st.lists(TEXTS.filter(lambda name: name.isidentifier() and name not in ("id", "updated_at")),
                          max_size=5, unique=True))  # fmt: skip
    ids = draw(st.lists(st.one_of(st.integers(0, 10**12).map(str), DIGITS), min_size=rows, max_size=rows, unique=True))
    times = draw(st.lists(INSTANTS, min_size=rows, max_size=rows))
    found = [ids, times, *(draw(columns(rows)) for _ in names)]
    return [["id", "updated_at", *names], *(list(row) for row in zip(*found, strict=True))]


def holds(kind: str, text: str) -> bool:
    """Whether a type holds a delivered text exactly, by Python's own reading."""
    if kind == "string":
        return True
    if kind == "boolean":
        return text.lower() in ("true", "false")
    if kind == "date":
        return date.fromisoformat(text).isoformat() == text
    if kind == "timestamp":
        return datetime.fromisoformat(text).tzinfo is not None
    if kind == "bigint":
        return -(2**63) <= int(text) < 2**63 and str(int(text)) == text.replace("-0", "0")
    precision, scale = (int(number) for number in kind.removeprefix("decimal(").rstrip(")").split(","))
    scaled = Decimal(text).as_tuple()
    value = Decimal((0, scaled.digits, int(scaled.exponent) + scale))
    return abs(value) < Decimal((0, (1,), precision)) and value == value.to_integral_value()


@FEW
@example([["id", "updated_at", "big"], ["1", "2026-01-01", "12345678901234567890.123456"], ["2", "2026-01-01", "1"]])
@given(tables())
def test_the_contract_holds_every_value_and_its_key_is_unique(table: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder) / "project")
        file = write_csv(Path(folder) / "things_2026-01-01.csv", table)
        dataset = described(project, file)
    types = {column.delivered_name: column.type for column in dataset.columns}
    nulls = {column.delivered_name: column.values.null_words for column in dataset.columns}
    assert {word for words in nulls.values() for word in words} <= {"NULL", "n/a"}, "no value of its own is lost"
    for name, values in zip(table[0], zip(*table[1:], strict=True), strict=True):
        filled = [value for value in values if value and value not in nulls[name]]
        assert not [value for value in filled if not holds(types[name], value)], (name, types[name])
        assert filled or types[name] == "string"
    delivered = {column.name: column.delivered_name for column in dataset.columns}
    places = [table[0].index(delivered[name]) for name in dataset.key]
    assert len({tuple(row[place] for place in places) for row in table[1:]}) == len(table) - 1


def described(project: Project, file: Path) -> Dataset:
    """The dataset of a file as the contract that is written says; what `check` finds is an error."""
    looked = look([file])
    proposal = propose(looked.profile, Wishes(domain="new"), ())
    rows = looked.first_rows(sample_paths(proposal), 3)
    texts = {
        Path("contracts/new.yaml"): new_contract(proposal),
        Path("great_expectations/expectations/things.json"): suite_text(proposal),
        Path("samples/things.csv"): sample_text(proposal, rows),
    }
    write_all(project, texts, None)
    return project.contracts.dataset("things")
