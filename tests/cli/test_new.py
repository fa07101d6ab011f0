"""`lakehouse new`: what it writes, asks and says, what it cannot take, and that it writes all or nothing."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.contracts.warnings import contract_warnings
from tests.helpers.new_datasets import files_of, new_dataset, write_csv

RETURNS = """\
Return ID,store_id,qty,refund,mail,sold,at,updated_at,is_deleted,empty,discount
R1,007,1,10.50,ann@shop.example,2026-10-17 10:00,2026-10-17,2026-10-17T12:00:00+02:00,false,,NULL
R2,012,2,3,,2026-10-17 11:00,2026-10-17,2026-10-17T12:00Z,True,,1.00
R3,007,30000000000,1234567.125,bob@shop.example,2026-10-18 01:00,2026-10-18,2026-10-18T12:00:00.5Z,false,,2.00
"""
EVENTS = """\
{"id": "e1", "amount": 1.50, "n": 12345678901234567890, "device": {"os": "iOS", "v": 3}, "tags": ["a"], "at": "2026-10-17T10:00:00Z"}
{"id": "e2", "amount": 0.1, "n": 1, "device": {"os": null, "v": 4}, "tags": [], "at": "2026-10-17T10:00:00+02:00", "more": true}
"""  # noqa: E501


def delivered(folder: Path, name: str, content: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def types(dataset: Dataset) -> dict[str, str]:
    return {column.name: column.spark_type for column in dataset.columns}


def test_a_new_domain_gets_contract_suite_and_sample(
    shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files_of(shop)
    file = delivered(tmp_path, "returns_2026-10-18.csv", RETURNS)
    dataset = new_dataset(shop, file, "--domain", "stores")
    assert types(dataset) == {
        "return_id": "string", "store_id": "string", "qty": "bigint", "refund": "decimal(18,3)", "mail": "string",
        "sold": "string", "at": "date", "updated_at": "timestamp", "is_deleted": "boolean", "empty": "string",
        "discount": "decimal(18,2)",
    }  # fmt: skip
    assert (dataset.domain, dataset.key, dataset.sequence_by) == ("stores", ("return_id",), ("updated_at",))
    assert (dataset.date_column, dataset.delete_flag) == ("at", "is_deleted")
    assert (dataset.partition_by, dataset.cluster_by) == ((), ("dt", "return_id"))
    assert dataset.required_columns == ("return_id", "at", "updated_at", "is_deleted")
    assert set(files_of(shop)) - set(before) == {
        "contracts/stores.yaml", "great_expectations/expectations/returns.json", "samples/returns.csv"
    }  # fmt: skip
    assert list(contract_warnings(shop.root / "contracts")) == []
    said = capsys.readouterr().out.splitlines()
    for line in (
        "key: return_id (never empty, and another one in each of 3 rows)",
        "return_id: 'Return ID' in the files",
        "store_id: 3 of 3 values begin with 0, so it stays text and keeps its zeros",
        "sold: 3 of 3 values are times without an offset, so text. Say whose clock by --zone, or deliver Z",
        "empty: has no value in any row; text until one comes that says more",
        "mail: personal data (has e-mail addresses), masked; remove its classification if it is none",
        "wrote contracts/stores.yaml",
    ):
        assert line in said
    assert "discount: NULL stands for no value" in said


def test_the_sample_has_no_personal_data(shop: Project, tmp_path: Path) -> None:
    dataset = new_dataset(shop, delivered(tmp_path, "returns.csv", RETURNS), "--domain", "shop")
    assert dataset.pii_columns == {"mail"}
    lines = (shop.samples / "returns.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == RETURNS.splitlines()[0]
    assert lines[1] == RETURNS.splitlines()[1].replace("ann@shop.example", "mail 1").removesuffix("NULL")
    assert lines[3] == RETURNS.splitlines()[3].replace("bob@shop.example", "mail 2")


def test_json_lines_keep_their_numbers_and_structs(
    shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = new_dataset(shop, delivered(tmp_path, "events.json", EVENTS), "--domain", "shop", "--yes")
    assert types(dataset) == {
        "id": "string", "amount": "decimal(18,2)", "n": "decimal(38,0)",
        "device": "struct<os: string, v: bigint>", "at": "timestamp", "more": "boolean", "tags": "array<string>",
    }  # fmt: skip
    assert "left out" not in capsys.readouterr().out
    assert (shop.samples / "events.json").read_text(encoding="utf-8").splitlines()[0] == (
        '{"id": "e1", "amount": 1.50, "n": 12345678901234567890, "device": {"os": "iOS", "v": 3}, '
        '"tags": ["a"], "at": "2026-10-17T10:00:00Z", "more": null}'
    )


@pytest.mark.parametrize("end", ["", "\n# the end\n", "\ntags: [x]\n"], ids=["end", "comment", "key after"])
def test_a_known_domain_gets_one_more_dataset(shop: Project, tmp_path: Path, end: str) -> None:
    file = shop.root / "contracts/shop.yaml"
    file.write_text(f"# ours\n{file.read_text(encoding='utf-8').rstrip()}{end}", encoding="utf-8")
    before, known = file.read_text(encoding="utf-8"), shop.contracts.dataset("visits")
    new_dataset(shop, delivered(tmp_path, "returns.csv", RETURNS), "--domain", "shop")
    after = file.read_text(encoding="utf-8")
    assert Project(shop.root).contracts.dataset("visits") == known
    kept = iter(after.splitlines())
    assert all(line in kept for line in before.splitlines()), "every line of before, in its order"


@pytest.mark.parametrize(
    ("name", "content", "exit_code", "line"),
    [
        ("a.csv.gz", gzip.compress(b"id,at\n"), 3, "a.csv.gz: it has no row to look at. Looked at are CSV"),
        ("a.parquet", b"PAR1....", 3, "a.parquet: its Parquet footer cannot be read"),
        ("a.xlsx", b"PK\x03\x04..", 3, "a.xlsx: it is packed with zip and ends too early; deliver it whole."),
        ("a.gz", gzip.compress(gzip.compress(b"id")), 3, "a.gz: it is a file packed with gzip within one"),
        ("a.csv", "1,2026-10-17\n2,2026-10-18\n", 3, "a.csv: its first line holds values, not the names"),
        ("a.csv", "id,id\n1,2\n", 3, "a.csv: its header has 'id' twice;"),
        ("a.csv", "", 3, "a.csv: it is empty."),
        ("a.csv", "id,at\n", 3, "a.csv: it has no row to look at."),
        ("a.csv", "id,at\n1\n2\n", 3, "a.csv: 2 lines cannot be split into 2 columns, first line 2."),
        ("a.csv", 'id,at\n1,2\n2,"3\n4,5\n', 3, "a.csv: the quote that opens in line 3 is never closed; close it."),
        ("a.csv", 'id;n;at\n1;2;3\n2;"3;""x\n4;5;6\n', 3, "a.csv: the quote that opens in line 3 is never closed;"),
        ("a.csv", 'id,at\n1,"2"3\n4,"\n5,', 3, "a.csv: the quote that opens in line 3 is never closed; close it."),
        ("a.jsonl", f'{{"id": {"[" * 600}1{"]" * 600}}}', 3, "a.jsonl: it has more than 50 lists and objects in one"),
        ("a.json", '[{"id": 1},', 3, "a.json: it breaks off"),
        ("a.json", '{\n"id": 1\n}', 3, "a.json: no line of it is a JSON object; deliver one object a line."),
        ("2026.csv", "id,at\n1,2026-10-17\n", 3, "2026.csv: the files of a dataset have names that begin alike"),
        ("b.csv", "id,at\n1,2026-10-17 10:00\n", 3, "No column can be the sequence: at has 1 time without an offset;"),
        ("b.csv", "id,at\n1,10/11/2026\n", 3, "No column can be the sequence: at has 1 date in another form"),
        (
            "b.csv", "id,paid,at\n1,1.5,2026-10-17\n1,2.5,2026-10-17\n2,2.5,2026-10-18\n", 3,
            "No column can be the key: nearest is id, which 1 row of 3 share with another;",
        ),
        ("visits_x.csv", "id,at\n1,2026-10-17\n", 3, "great_expectations/expectations/visits.json is there already"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 13 else "",
)  # fmt: skip
def test_what_cannot_be_taken_is_one_line_and_nothing_is_written(
    name: str, content: str | bytes, exit_code: int, line: str,
    shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    before, name_of = files_of(shop), ["--name", "visits"] if name == "visits_x.csv" else []
    assert main(["new", str(delivered(tmp_path, name, content)), "--domain", "shop", "--yes", *name_of]) == exit_code
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith(f"error: {line}")
    assert files_of(shop) == before


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "Nobody can be asked here: answer by options, or give --yes: domain returns? (the first word"),
        (["--domain", "../x"], "'../x' is no name; take lower_case letters"),
        (["--name", "Returns"], "'Returns' is no name; take lower_case letters"),
        (["--yes", "--key", "return_ids"], "There is no column for --key 'return_ids'. Did you mean 'return_id'?"),
        (["--yes", "--date", "solt"], "There is no column for --date 'solt'. Did you mean 'sold'?"),
    ],
    ids=["open", "path", "name", "key", "date"],
)
def test_a_question_without_a_terminal_and_a_wrong_answer_are_2(
    words: list[str], line: str, shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files_of(shop)
    assert main(["new", str(delivered(tmp_path, "returns.csv", RETURNS)), *words]) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith(f"error: {line}")
    assert files_of(shop) == before


class Terminal(io.StringIO):
    """Answers that a person types."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_it_asks_what_is_unsure(
    shop: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_csv(
        tmp_path / "stock.csv",
        [
            ["store_no", "product_no", "quantity", "made", "counted"],
            ["1", "1", "5", "2026-10-16", "2026-10-17"],
            ["1", "2", "5", "2026-10-16", "2026-10-17"],
            ["2", "1", "5", "2026-10-16", "2026-10-18"],
        ],
    )
    monkeypatch.setattr("sys.stdin", Terminal("shop\n\ncounted\n\n"))
    dataset = new_dataset(shop, file)
    assert (dataset.domain, dataset.key, dataset.sequence_by) == ("shop", ("store_no", "product_no"), ("counted",))
    asked = capsys.readouterr().out
    assert "domain: stock (the first word of its name, a new one" in asked
    assert "key: store_no,product_no (never empty, and another one in each of 3 rows). Enter to take it" in asked
    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert main(["new", str(file)]) == 2
    assert capsys.readouterr().err == "error: The question was not answered; nothing was written.\n"


def test_a_column_with_empty_fields_is_no_key(shop: Project, tmp_path: Path) -> None:
    file = delivered(tmp_path, "sales.csv", "id,sale_no,at\n1,a,2026-10-17\n,b,2026-10-17\n2,c,2026-10-17\n")
    assert new_dataset(shop, file, "--domain", "shop", "--yes").key == ("sale_no",)


def test_names_that_the_lakehouse_has_itself_are_given_another(shop: Project, tmp_path: Path) -> None:
    file = delivered(tmp_path, "days.csv", "Id,dt,month,select,at\r\n1,2026-01-01,2,x,2026-01-02\r\n")
    dataset = new_dataset(shop, file, "--domain", "shop", "--yes")
    assert dataset.column_names == ("id", "delivered_dt", "delivered_month", "select", "at")
    assert [column.delivered_name for column in dataset.columns] == ["Id", "dt", "month", "select", "at"]


def test_one_odd_value_makes_text_and_is_said(
    shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = delivered(tmp_path, "sales.csv", "id,paid,at\n1,1.5,2026-10-17\n2,2.5,2026-10-17\n3,free,2026-10-17\n")
    assert types(new_dataset(shop, file, "--domain", "shop", "--yes"))["paid"] == "string"
    assert "paid: 2 of 3 values are numbers, the others not; text." in capsys.readouterr().out


def test_versions_of_a_key_are_told_apart_by_the_sequence(
    shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = delivered(tmp_path, "leads_1.csv", "lead_id,status,updated_at\n1,new,2026-10-17\n2,new,2026-10-17\n")
    two = delivered(tmp_path, "leads_2.csv", "status,lead_id,updated_at\nlost,1,2026-10-18\nnew,2,2026-10-17\n")
    dataset = new_dataset(shop, one, str(two), "--domain", "shop", "--yes")
    assert (dataset.key, dataset.file_pattern) == (("lead_id",), "leads*.csv")
    assert "1 row would be an older version, and silver keeps the newest" in capsys.readouterr().out


def test_rows_that_no_key_tells_apart_are_kept_each(
    shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "door,people,is_deleted,read\n1,4,false,2026-10-19\n1,4,false,2026-10-19\n"
    dataset = new_dataset(shop, delivered(tmp_path, "doors.csv", text), "--domain", "shop", "--key", "none", "--yes")
    assert (dataset.merge_strategy, dataset.key, dataset.sequence) == ("append", (), "")
    assert (dataset.date_column, dataset.delete_flag) == ("read", None)
    assert "key: none (as you said; each delivered row is kept, once)" in capsys.readouterr().out


def test_without_a_time_of_change_arrival_may_order_them(
    shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = delivered(
        tmp_path, "shelves.csv", "shelf_id,product,opened\n1,a,2026-01-05\n1,b,2026-01-05\n2,c,2026-01-06\n"
    )
    dataset = new_dataset(shop, file, "--domain", "shop", "--sequence", "arrival", "--key", "shelf_id", "--yes")
    assert (dataset.sequence, dataset.by_arrival, dataset.date_column) == ("arrival", True, "opened")
    printed = capsys.readouterr().out
    assert "sequenceBy: arrival (as you said; the row that comes last wins" in printed
    assert "key: shelf_id (as you said; 1 row of 3 share it with another)" in printed


def test_a_file_of_another_dataset_is_left_to_it(
    shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = shop.root / "contracts/shop.yaml"
    known = contract.read_text(encoding="utf-8").replace("visits*.csv", "v?_of_shops_?.csv")
    contract.write_text(known, encoding="utf-8")
    file = delivered(tmp_path, "v2_of_shops_1.csv", "id,at\n1,2026-10-17\n")
    assert main(["new", str(file), "--domain", "shop", "--yes"]) == 2
    assert "v2_of_shops_1.csv: belongs to visits by its filePattern v?_of_shops_?.csv;" in capsys.readouterr().err
    assert contract.read_text(encoding="utf-8") == known


def test_what_was_written_before_an_error_is_taken_back(
    shop: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, links, link = files_of(shop), [], os.link

    def full_at_the_last(source: Path, target: Path) -> None:
        links.append(target)
        if len(links) == 3:
            raise KeyboardInterrupt
        link(source, target)

    monkeypatch.setattr(os, "link", full_at_the_last)
    assert main(["new", str(delivered(tmp_path, "returns.csv", RETURNS)), "--domain", "stores"]) == 130
    assert len(links) == 3
    assert files_of(shop) == before


def test_a_project_that_is_wrong_already_is_left_as_it_is(
    shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop.suites / "expectations/visits.json").unlink()
    assert main(["new", str(delivered(tmp_path, "returns.csv", RETURNS)), "--yes"]) == 3
    assert "lakehouse check finds in the project as it is:" in capsys.readouterr().err
