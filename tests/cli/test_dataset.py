"""`lakehouse dataset`: what it asks for, and what it refuses before Spark starts."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.cli.main import main
from lakehouse.lake.dataset_changes import changes_of_dataset
from lakehouse.lake.paths import Lake

DROP = ("dataset", "drop", "attic.attic_counts", "--why", "gone")


@pytest.fixture
def left(lake: Lake) -> str:
    """A lake with one table that no contract describes."""
    write_deltalake(lake.silver("attic_counts"), pa.table({"store_id": ["S001"]}))
    return lake.root


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    printed = capsys.readouterr()
    return [*printed.out.splitlines(), *printed.err.splitlines()]


@pytest.mark.parametrize(
    ("words", "exit_code", "line"),
    [
        (("rebuild", "erp.erp_order", "--why", "x", "--yes"), 2, "There is no dataset 'erp.erp_order'. Did you mean"),
        (("rebuild", "crm.erp_orders", "--why", "x", "--yes"), 2, "There is no dataset 'crm.erp_orders'."),
        (("rebuild", "erp.erp_orders", "--why", "x"), 2, "Nobody can be asked here: give --yes to carry it out"),
        (("rekey", "erp.erp_orders", "--yes"), 2, "Missing option '--why'"),
        (("rekey", "erp.erp_orders", "--reason", "x", "--yes"), 3, "erp_orders: has no silver table to rebuild"),
        (("drop", "erp.erp_orders", "--why", "x", "--yes"), 3, "erp_orders: contracts/erp.yaml still describes it"),
        (("drop", "attic.counts", "--why", "x", "--yes"), 2, "The lake holds nothing of a dataset attic.counts"),
        (
            ("drop", "attic_counts", "--why", "x", "--yes"),
            2,
            "The lake holds nothing of a dataset attic_counts; it is named DOMAIN",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_one_line(
    words: tuple[str, ...], exit_code: int, line: str, left: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dataset", *words, "--lake", left]) == exit_code
    (error,) = said(capsys)
    assert error.startswith(f"error: {line}")


def test_before_the_first_merge_bronze_follows_the_contract(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    path = lake.bronze("erp_orders")
    write_deltalake(path, pa.table({"order_id": ["A"]}))
    DeltaTable(path).alter.set_table_properties({"lakehouse.key": "order_id"}, raise_if_not_exists=False)
    words = ("dataset", "rekey", "erp.erp_orders", "--why", "lines are numbered", "--lake", lake.root)
    was = "bronze.erp_orders: was built with key order_id and its contract says order_id, line_number; "
    for more, last in (
        (("--dry-run",), "dry run: nothing was written"),
        (("--yes",), "bronze follows the contract; the next run goes on"),
    ):
        assert main([*words, *more]) == 0
        assert said(capsys) == [f"{was}there is no silver yet, so no row changes", last]
    assert main([*words, "--yes"]) == 3
    assert said(capsys)[0].startswith("error: erp_orders: has no silver table to rebuild")


def test_a_dry_run_lists_and_removes_nothing(left: str, lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*DROP, "--dry-run", "--lake", left]) == 0
    assert said(capsys) == ["table silver.attic_counts", "dry run: nothing was removed"]
    assert Path(lake.silver("attic_counts")).is_dir()
    assert changes_of_dataset(lake, "attic_counts") == []


def test_a_drop_says_that_nothing_is_left(left: str, lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*DROP, "--yes", "--by", "ann", "--lake", left]) == 0
    assert said(capsys)[-1].startswith("nothing is left of attic.attic_counts;")
    assert not Path(lake.silver("attic_counts")).exists()
    last = changes_of_dataset(lake, "attic_counts")[-1]
    assert (last.state, last.who, last.why, last.what) == ("done", "ann", "gone", "table silver.attic_counts")
    assert main([*DROP, "--yes", "--lake", left]) == 2, "there is nothing to drop a second time"


def test_a_column_that_goes_is_shown_and_stays_in_a_dry_run(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    write_deltalake(lake.bronze("erp_orders"), pa.table({"order_id": ["1"], "coupon": ["A"]}))
    why = ("--why", "gone", "--dry-run", "--lake", lake.root)
    assert main(["dataset", "drop-column", "erp.erp_orders", "coupon", *why]) == 0
    assert main(["dataset", "rename-column", "erp.erp_orders", "coupon", "product_id", *why]) == 0
    assert said(capsys) == [
        "bronze.erp_orders: column coupon is gone, version 0 is rewritten",
        "dry run: nothing was written",
        "bronze.erp_orders: column coupon → product_id, version 0 is rewritten",
        "dry run: nothing was written",
    ]
    assert changes_of_dataset(lake, "erp_orders") == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("drop-column", "erp.erp_orders", "status"), "contracts/erp.yaml still describes status; take it"),
        (
            ("drop-column", "erp.erp_orders", "cupon"),
            "neither bronze nor silver has a column cupon. Did you",
        ),
        (
            ("rename-column", "erp.erp_orders", "coupon", "voucher"),
            "coupon cannot become voucher: the contr",
        ),
        (
            ("rename-column", "erp.erp_orders", "coupon", "quantity"),
            "coupon cannot become quantity: it is a ",
        ),
        (
            ("rename-column", "erp.erp_orders", "coupon", "order_id"),
            "coupon cannot become order_id: the tab",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_column_that_cannot_go_is_one_line(
    words: tuple[str, ...], line: str, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    write_deltalake(lake.bronze("erp_orders"), pa.table({"order_id": ["1"], "coupon": ["A"]}))
    assert main(["dataset", *words, "--why", "x", "--yes", "--lake", lake.root]) == 3
    (error,) = said(capsys)
    assert error.startswith(f"error: erp_orders: {line}")
    assert changes_of_dataset(lake, "erp_orders") == []
