"""`ties: quarantine`: a row whose key and sequence have another content is set aside, and silver keeps what it has."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.choices import Ties
from lakehouse.contracts.columns import TIED
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.contracts.rule_words import rows_where
from lakehouse.contracts.rules import with_contract_rules
from lakehouse.contracts.suite import OnFailure, Suite
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.validate import tied
from lakehouse.validate.tied import with_tied
from lakehouse.validate.validate import BatchStoppedError
from tests.helpers.lakes import versions
from tests.helpers.quality_deliveries import ORDERS, command, deliver, found, good, order, run_jobs

WORD = "      - {property: ties, value: quarantine}"
RULE = "one_content_per_updated_at"
Row = tuple[str | None, int | None, str | None, int | None]
"""Key, sequence, note, amount; an amount below zero breaks a rule of the suite."""

SCHEMA = "id string, at int, note string, amount int"


@pytest.fixture
def few(project: Project) -> Dataset:
    """A dataset of four columns, of which nothing but key, sequence and content counts here."""
    orders = project.contracts.dataset("erp_orders")
    by_name = {column.name: column for column in orders.columns}
    places = (("order_id", "id"), ("quantity", "at"), ("status", "note"), ("line_number", "amount"))
    columns = tuple(dataclasses.replace(by_name[old], name=new) for old, new in places)
    changes = {"columns": columns, "key": ("id",), "sequence_by": ("at",), "rules": (), "ties": Ties.QUARANTINE}
    return dataclasses.replace(orders, not_after_delivery=None, **changes)


@pytest.fixture
def flags(spark: SparkSession, few: Dataset) -> Callable[..., list[bool]]:
    """Whether each row of a batch ties, in their order, given what passed before."""
    own = rows_where("amount_not_negative", "No amount is negative.", OnFailure.QUARANTINE, "amount < 0")
    suite = with_contract_rules(Suite("few", (own,)), few, datetime.now(UTC))
    assert [rule.name for rule in suite.expectations] == ["amount_not_negative", "one_content_per_at"]

    def flags_of(batch: Sequence[Row], before: Sequence[Row] = ()) -> list[bool]:
        numbered = [(*row, number) for number, row in enumerate(batch)]
        rows = spark.createDataFrame(numbered, f"{SCHEMA}, _row_id bigint")

        def passed(keys: DataFrame) -> DataFrame:
            return spark.createDataFrame(list(before), SCHEMA).join(keys, on=keys.columns, how="left_semi")

        found = with_tied(rows, suite, few, passed)
        assert found.columns == [*rows.columns, TIED]
        return [row[TIED] for row in found.orderBy("_row_id").collect()]

    return flags_of


def test_which_rows_tie(flags: Callable[..., list[bool]]) -> None:
    before: list[Row] = [("old", 1, None, 1), ("old", 2, "x", 2), ("two", 1, "x", 1), ("two", 1, "y", 1)]
    rows: list[tuple[Row, bool]] = [
        (("one", 1, None, 1), True),  # two contents of one time land together: nobody knows which is right
        (("one", 1, "x", 1), True),
        (("one", 2, None, 1), False),  # another time
        (("same", 1, None, 1), False),  # delivered twice
        (("same", 1, None, 1), False),
        (("old", 1, None, 1), False),  # delivered again, next to another content
        (("old", 1, "z", 1), True),
        (("old", 2, None, 2), True),  # null is a content too
        (("old", 3, None, 2), False),
        (("bad", 1, "x", -1), False),  # another rule keeps it out: it competes with none
        (("bad", 1, "y", 1), False),
        ((None, 1, "x", 1), False),  # no key, no sequence: other rules
        ((None, 1, "y", 1), False),
        (("none", None, "x", 1), False),
        (("none", None, "y", 1), False),
        (("two", 1, "x", 1), True),  # two contents passed while ties were settled otherwise: silver stays as it is
    ]
    assert flags([row for row, _ in rows], before) == [wanted for _, wanted in rows]


def test_nothing_passed_before(flags: Callable[..., list[bool]]) -> None:
    assert flags([("a", 1, "x", 1), ("b", 1, None, 1), ("b", 1, "y", 1)]) == [False, True, True]
    assert flags([(None, None, None, None)]) == [False]


def test_the_rule_names_the_sequence_so_that_a_repair_may_change_it(few: Dataset) -> None:
    (rule,) = with_contract_rules(Suite("few", ()), few, datetime.now(UTC)).expectations
    assert (rule.name, rule.sentence, rule.on_failure, rule.columns) == (
        "one_content_per_at", "A key has one content per at.", "quarantine", (TIED, "at"),
    )  # fmt: skip


PAID = order("SO-1", unit_price="50.00", customer_id="")
CHEAPER = order("SO-1", unit_price="45.00", customer_id="C1")
TWO, TWO_TOO = order("SO-2", 2), order("SO-2", 3)
SILVER = (
    "select order_id, quantity, unit_price::varchar, _batch_id from silver.erp_orders "
    "where order_id like 'SO%' order by 1"
)
SET_ASIDE = "select _batch_id, order_id, quantity, unit_price, _state from quarantine.erp_orders order by 1, 2, 3"
LISTED = "select batch_id, key, sequence, corrected, quarantined from ops.ties order by 1, 2"
COUNTS = "select batch_id, rows_landed, rows_quarantined, rows_passed from ops.validation_results order by 1"
SO_1, SO_2 = '{"order_id":"SO-1","line_number":1}', '{"order_id":"SO-2","line_number":1}'
AT = "2026-10-12T10:00:00.000000Z"


@pytest.fixture
def tying(
    project: Project, lake: Lake, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Context:
    """A project whose orders say `ties: quarantine`; commands find it too."""
    root = tmp_path / "project"
    for folder in ("contracts", "great_expectations"):
        shutil.copytree(project.root / folder, root / folder)
    path = root / "contracts" / "erp.yaml"
    text = path.read_text(encoding="utf-8").replace("    customProperties:\n", f"    customProperties:\n{WORD}\n", 1)
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("LAKEHOUSE_PROJECT", str(root))
    context = Context(Project(root), lake, lambda: spark)
    assert context.contracts.dataset("erp_orders").ties is Ties.QUARANTINE
    return context


@pytest.mark.quality
def test_a_tie_is_set_aside_counted_and_listed_and_silver_keeps_the_earlier_row(
    tying: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics: list[dict[str, int]] = []
    monkeypatch.setattr(tied, "report_ties", lambda *_, **counted: metrics.append(counted))
    deliver(tying, "erp", "erp_orders_1.csv", ORDERS, *good(), PAID, TWO, TWO_TOO)
    run_jobs(tying, "erp")
    deliver(tying, "erp", "erp_orders_2.csv", ORDERS, *good(), CHEAPER)
    run_jobs(tying, "erp")
    assert found(tying, SILVER) == [("SO-1", 1, "50.00", 1)]
    aside = [(1, "SO-2", "2", "2.00", "open"), (1, "SO-2", "3", "2.00", "open"), (2, "SO-1", "1", "45.00", "open")]
    assert found(tying, SET_ASIDE) == aside
    assert found(tying, "select distinct _broken_rules from quarantine.erp_orders") == [([RULE],)]
    ties = [(1, SO_2, AT, False, True), (2, SO_1, AT, False, True)]
    assert found(tying, LISTED) == ties
    assert found(tying, COUNTS) == [(1, 23, 2, 21), (2, 21, 1, 20)]
    counted = f"select batch_id, rows_failed from ops.quality_results where rule = '{RULE}' order by 1"
    assert found(tying, counted) == [(1, 2), (2, 1)]

    assert metrics == [{"tied": 1, "corrected": 0}] * 2

    before = versions(tying.lake)
    run_jobs(tying, "erp")
    assert versions(tying.lake) == before, "a second run does nothing"
    deliver(tying, "erp", "erp_orders_3.csv", ORDERS, *good(), PAID)  # equal content once more
    run_jobs(tying, "erp")
    assert (found(tying, SET_ASIDE), found(tying, LISTED)) == (aside, ties)
    assert found(tying, COUNTS)[-1] == (3, 21, 0, 21)
    assert found(tying, SILVER) == [("SO-1", 1, "50.00", 1)]


WHY = ("--why", "asked the store", "--by", "Ada")
STATES = "select _batch_id, quantity, _state from quarantine.erp_orders order by all"


@pytest.mark.quality
def test_one_of_two_is_sent_back_and_the_other_discarded(tying: Context, capsys: pytest.CaptureFixture[str]) -> None:
    """Both landed together: the first that is sent back passes, after that the other ties with it."""
    deliver(tying, "erp", "erp_orders_1.csv", ORDERS, *good(), TWO, TWO_TOO)
    run_jobs(tying, "erp")
    (two, _), (three, _) = found(
        tying, "select _batch_id || ':' || _row_id, quantity from quarantine.erp_orders order by 2"
    )
    assert command(tying, "quarantine", "retry", "erp_orders", two, three, *WHY) == 0
    run_jobs(tying, "erp")
    both = [(1, "2", "open"), (1, "3", "open"), (2, "2", "discarded"), (2, "3", "discarded")]
    assert (found(tying, SILVER), found(tying, STATES)) == ([], both)
    assert command(tying, "quarantine", "retry", "erp_orders", three, *WHY) == 0
    run_jobs(tying, "erp")
    assert found(tying, SILVER) == [("SO-2", 3, "2.00", 3)]
    assert command(tying, "quarantine", "retry", "erp_orders", two, *WHY) == 0
    run_jobs(tying, "erp")
    assert found(tying, SILVER) == [("SO-2", 3, "2.00", 3)]
    assert found(tying, STATES)[:2] == [(1, "2", "open"), (1, "3", "repaired")]
    capsys.readouterr()
    command(tying, "quarantine", "show", "erp_orders", two)
    assert f"{RULE}: A key has one content per updated_at." in capsys.readouterr().out
    # As it is now a row of its own time, it may win.
    later = ("--set", "updated_at=2026-10-12T11:00:00Z")
    assert command(tying, "quarantine", "repair", "erp_orders", two, *later, *WHY) == 0
    run_jobs(tying, "erp")
    assert found(tying, SILVER) == [("SO-2", 2, "2.00", 5)]
    assert found(tying, STATES)[:2] == [(1, "2", "repaired"), (1, "3", "repaired")]


@pytest.mark.quality
def test_a_batch_that_is_accepted_late_ties_with_what_passed_before(tying: Context) -> None:
    """What passed first stays, whatever the number of the batch; the rest of the accepted one is merged."""
    deliver(tying, "erp", "erp_orders_1.csv", ORDERS, PAID, order("SO-3"), order("bad", 0))
    with pytest.raises(BatchStoppedError):
        run_jobs(tying, "erp")
    deliver(tying, "erp", "erp_orders_2.csv", ORDERS, *good(), CHEAPER)
    run_jobs(tying, "erp")
    assert command(tying, "batch", "accept", "erp_orders:1", *WHY) == 0
    run_jobs(tying, "erp")
    assert found(tying, SILVER) == [("SO-1", 1, "45.00", 2), ("SO-3", 1, "2.00", 1)]
    assert found(tying, LISTED) == [(1, SO_1, AT, False, True)]
    assert found(tying, COUNTS.replace("order by 1", "order by recorded_at"))[-1] == (1, 3, 2, 1)
