"""A delivery whose columns differ from the contract: refused, or taken without a silent null or a shifted column."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import Drift, FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.contract import Contract, Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest.drift import header_problem, rescued_names
from lakehouse.ingest.header import read_header
from lakehouse.ingest.ingest import FileRefusedError, ingest_domain
from lakehouse.ingest.reading import read_rows
from lakehouse.lake.files import list_files
from lakehouse.runtime.context import Context
from tests.helpers.lakes import rows

COLUMNS = (
    Column("id", "string", True, "Key."),
    Column("email", "string", False, "Address."),
    Column("amount", "decimal(12,2)", True, "Euro."),
)
DEVICE = Column("device", "struct", False, "Device.", fields=(Column("os", "string", True, "System."),))
WANTED = "wanted id, email, amount"


def dataset(drift: Drift, pii: bool = False, file_format: FileFormat = FileFormat.CSV) -> Dataset:
    columns = tuple(dataclasses.replace(column, pii=pii and column.name == "email") for column in COLUMNS)
    columns += (DEVICE,) if file_format is FileFormat.JSON_LINES else ()
    return Dataset(
        "orders", "erp", "", MergeStrategy.UPSERT, "orders*", file_format, columns, ("id",),
        ("id",), None, None, (), (), 20,
        drift=drift,
    )  # fmt: skip


MISSING = "required column amount missing"
STRICT = f"its columns are not those of the contract, in their order (drift: strict); found {{}}; {WANTED}"


@pytest.mark.parametrize(
    ("header", "strict", "ignore", "rescue"),
    [
        ("id,email,amount", None, None, None),
        ("amount,id,email", STRICT, None, None),  # reordered
        ("id,email,amount,note", STRICT, None, None),  # added
        ("id,amount", STRICT, None, None),  # an optional column missing
        (  # an optional column renamed: its known columns alone would be a silent null
            "id,mail,amount",
            STRICT,
            f"column email missing and mail unknown (email renamed to mail?); found id, mail, amount; {WANTED}",
            None,
        ),
        ("id,email,amount,amount", *[f"column amount twice; found id, email, amount, amount; {WANTED}"] * 3),
        ("id,email,amout", *[f"{MISSING} (amount renamed to amout?); found id, email, amout; {WANTED}"] * 3),
        ("1,a@b.co,2.00", *[f"its first line names no column of the contract; found 1, a@b.co, 2.00; {WANTED}"] * 3),
        ("", None, None, None),
    ],
)  # fmt: skip
def test_what_each_policy_refuses(header: str, strict: str | None, ignore: str | None, rescue: str | None) -> None:
    columns = header.split(",") if header else []
    found = {drift: header_problem(columns, dataset(drift)) for drift in Drift}
    shown = strict.format(", ".join(columns)) if strict else None
    assert found == {Drift.STRICT: shown, Drift.IGNORE: ignore, Drift.RESCUE: rescue}


def test_a_first_row_in_place_of_a_header_is_not_shown_where_there_is_personal_data() -> None:
    problem = header_problem(["1", "jane@doe.example", "2.00"], dataset(Drift.RESCUE, pii=True))
    assert problem == f"its first line names no column of the contract; found ***, ***, ***; {WANTED}"
    problem = header_problem(["id", "jane@doe.example", "total"], dataset(Drift.RESCUE, pii=True))
    assert problem == f"required column amount missing; found id, ***, total; {WANTED}"


def read(spark: SparkSession, folder: Path, content: str, of: Dataset) -> list[dict[str, Any]]:
    (folder / "orders").write_text(content)
    headers = [(file, read_header(str(folder), file, of)) for file in list_files(str(folder))]
    return [row.asDict() for row in read_rows(spark, str(folder), headers, of).collect()]


def test_unknown_columns_of_one_name_or_none_are_kept_apart() -> None:
    assert rescued_names(["note", "", "note", "more", ""]) == ["note", "column_2", "note_3", "more", "column_5"]


def test_values_of_unknown_columns_are_kept_as_json(spark: SparkSession, tmp_path: Path) -> None:
    content = 'note,id,amount,email,,note\n"say ""a"", b",1,2,e,x,z\n,2,3,,,\n'
    first, second = read(spark, tmp_path, content, dataset(Drift.RESCUE))
    assert (first["id"], first["email"], first["amount"]) == ("1", "e", "2")
    assert json.loads(first["_rescued"]) == {"note": 'say "a", b', "column_2": "x", "note_3": "z"}
    assert (second["id"], second["email"], second["_rescued"]) == ("2", None, None)


def test_unknown_members_are_kept_as_json(spark: SparkSession, tmp_path: Path) -> None:
    lines = [
        '{"id": "1", "amount": 2, "tags": ["a", {"b": 1}], "device": {"os": "ios", "model": "x"}, "off": null}',
        '{"id": "2", "amount": 2, "device": {"os": "ios"}}',
        "no object",
    ]
    of = dataset(Drift.RESCUE, file_format=FileFormat.JSON_LINES)
    first, second, third = read(spark, tmp_path, "\n".join(lines), of)
    assert json.loads(first["_rescued"]) == {"tags": ["a", {"b": 1}], "device.model": "x", "off": None}
    assert (second["_rescued"], third["_rescued"]) == (None, None)
    strict = read(spark, tmp_path, "\n".join(lines), dataclasses.replace(of, drift=Drift.STRICT))
    assert [row["_unreadable"] for row in strict] == ["row_has_only_known_members", None, "row_is_a_json_object"]


def with_drift(context: Context, drift: Drift) -> tuple[Context, Contract]:
    """The project with another policy for its products."""
    (contract,) = (c for c in context.contracts if c.domain == "products")
    changed = dataclasses.replace(
        contract, datasets=tuple(dataclasses.replace(d, drift=drift) for d in contract.datasets)
    )

    class OneContract(Context):
        contracts = Contracts((changed,))  # type: ignore[assignment]

    return OneContract(context.project, context.lake, context.spark), changed


HEADER = "name,product_id,category,list_price,unit_cost,is_active,updated_at,colour\n"
ROW = "Tea,P1,food,3.50,1.00,true,2026-10-12T10:00:00Z,green\n"


@pytest.mark.parametrize(("drift", "rescued"), [(Drift.RESCUE, '{"colour":"green"}'), (Drift.IGNORE, None)])
def test_a_file_that_differs_is_taken_and_the_difference_told(
    context: Context, drift: Drift, rescued: str | None
) -> None:
    other, contract = with_drift(context, drift)
    folder = Path(context.lake.landing("products"))
    folder.mkdir(parents=True)
    (folder / "products.csv").write_text(HEADER + ROW)
    (result,) = ingest_domain(other, contract)
    kept = "kept in _rescued" if rescued else "left in the raw file"
    assert result.drift == (f"products: what the contract does not know (colour) in 1 row, {kept}",)
    found = rows(context.lake, context.contracts, "select product_id, name, _rescued, _repair_of from bronze.products")
    assert found == [("P1", "Tea", rescued, None)]


def test_a_strict_dataset_refuses_the_file_and_shows_both_lists(context: Context) -> None:
    other, contract = with_drift(context, Drift.STRICT)
    folder = Path(context.lake.landing("products"))
    folder.mkdir(parents=True)
    (folder / "products.csv").write_text(HEADER + ROW)
    with pytest.raises(FileRefusedError) as caught:
        ingest_domain(other, contract)
    assert "(drift: strict); found name, product_id, category" in str(caught.value)
    assert "; wanted product_id, name, category" in str(caught.value)


def test_a_bronze_table_from_before_takes_the_new_columns(context: Context, spark: SparkSession) -> None:
    contract = context.contracts.of("products")
    (products,) = contract.datasets
    columns = ", ".join(f"CAST(NULL AS {c.spark_type}) AS `{c.name}`" for c in products.columns)
    system = "'old.csv' AS _source_file, 0L AS _batch_id, 0L AS _row_id, current_timestamp() AS _ingested_at"
    path = context.lake.bronze("products")
    spark.sql(f"SELECT {columns}, {system}").write.format("delta").save(path)
    folder = Path(context.lake.landing("products"))
    folder.mkdir(parents=True)
    (folder / "products.csv").write_text(HEADER + ROW)
    ingest_domain(context, contract)
    found = rows(context.lake, context.contracts, "select product_id, _rescued from bronze.products order by 1")
    assert found == [("P1", '{"colour":"green"}'), (None, None)]
