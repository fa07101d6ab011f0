"""Plain mistakes in a contract: each is one line of `lakehouse check` with file, line and field, before any run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.yaml_places import ContractError, read_yaml
from tests.helpers.small_project import CONTRACT, spoiled, write_project

SEQ = "seq, physicalType: bigint"
SCD2 = spoiled("value: upsert", "value: scd2", spoiled("partitionBy, value: [month]", "partitionBy, value: []",
    spoiled("clusterBy, value: [dt]", "clusterBy, value: [id]", spoiled("sequenceBy, value: seq",
    "sequenceBy, value: at"))))  # fmt: skip
NEW = "      - {{name: {}, physicalType: {}, required: false, description: New.{}}}\n"
AFTER = "      - {name: seq,"


def with_column(name: str, type_: str, more: str = "", contract: str = CONTRACT) -> str:
    return spoiled(AFTER, NEW.format(name, type_, more) + AFTER, contract)


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """What check says of a contract, without the folder; it writes nothing and ends with 3."""

    def check(contract: str, code: int = 3) -> list[str]:
        project = write_project(tmp_path, contract)
        monkeypatch.setenv("LAKEHOUSE_PROJECT", str(tmp_path))
        before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
        assert main(["check"]) == code
        assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
        return capsys.readouterr().err.replace(f"{project.root}/contracts/", "").splitlines()

    return check


def test_the_contract_that_the_mistakes_are_planted_in_is_right(said) -> None:  # type: ignore[no-untyped-def]
    assert said(CONTRACT, code=0) == []
    assert said(SCD2.replace("      - {property: deleteFlag, value: gone}\n", ""), code=0) == []


@pytest.mark.parametrize(
    ("contract", "place", "field", "words"),
    [
        (spoiled("sequenceBy, value: seq", "sequenceBy, value: note"), "sequenceBy", "visits.sequenceBy",
         "'note' is a string, and versions are ordered by a number or a time"),
        (spoiled(SEQ, "seq, properties: [{name: x, physicalType: int, description: X.}], physicalType: struct"),
         "sequenceBy", "visits.sequenceBy", "'seq' is a struct"),
        (spoiled(SEQ, "seq, physicalType: boolean"), "sequenceBy", "visits.sequenceBy", "'seq' is a boolean"),
        (spoiled("sequenceBy, value: at", "sequenceBy, value: seq", SCD2), "sequenceBy", "visits.sequenceBy",
         "'seq' is a bigint, and with mergeStrategy scd2 valid_from is computed from it"),
        (spoiled("gone, physicalType: boolean", "gone, physicalType: string"), "deleteFlag", "visits.deleteFlag",
         "'gone' is a string, and a delete flag is a boolean; deliver true or false."),
        (spoiled("value: upsert", "value: insert_only"), "deleteFlag", "visits.deleteFlag",
         "nothing is ever deleted with mergeStrategy insert_only; remove it, or take upsert."),
        (spoiled("dateColumn, value: at", "dateColumn, value: seq"), "dateColumn", "visits.dateColumn",
         "'seq' is a bigint, and dt is computed from a date or timestamp; take one."),
        (spoiled("dateColumn, value: at", "dateColumn, value: note"), "dateColumn", "visits.dateColumn",
         "'note' is a string"),
        (spoiled("id, physicalType: int", "id, physicalType: double"), "name: id", "visits.properties[0].physicalType",
         "'id' is a double, which cannot be a key"),
        (with_column("dt", "string"), "name: dt", "visits.properties[3].name",
         "'dt' is a column that silver adds; give it another name here, and say physicalName: dt."),
        (with_column("month", "string"), "name: month", "visits.properties[3].name", "'month' is a column that silver"),
        (with_column("valid_from", "timestamp", contract=SCD2), "name: valid_from", "visits.properties[3].name",
         "'valid_from' is a column that silver adds"),
        (with_column("is_current", "string", contract=SCD2), "name: is_current", "visits.properties[3].name",
         "'is_current' is a column that silver adds"),
        (with_column("_batch_id", "int"), "_batch_id", "visits.properties[3].name", "must be lower_case letters"),
        (with_column("big", '"decimal(40,2)"'), "decimal(40,2)", "visits.properties[3].physicalType",
         "big: decimal(40,2) does not exist; a decimal has 1 to 38 digits"),
        (with_column("fine", '"decimal(5,7)"'), "decimal(5,7)", "visits.properties[3].physicalType",
         "fine: decimal(5,7) does not exist"),
        (with_column("none", '"decimal(0,0)"'), "decimal(0,0)", "visits.properties[3].physicalType", "does not exist"),
        (with_column("s", "struct"), "name: s,", "visits.properties[3].properties",
         "the struct s has no fields; describe them under properties."),
        (with_column("s", "struct", ", properties: []"), "name: s,", "visits.properties[3].properties", "is empty"),
        (with_column("s", "int", ", properties: [{name: x, physicalType: int, description: X.}]"), "name: s,",
         "visits.properties[3].properties", "s is a int, which has no fields"),
        (with_column("n", "int", ", logicalTypeOptions: {minimum: 9, maximum: 1}"), "minimum: 9", "minimum",
         "9 lies above maximum 1; exchange them."),
        (with_column("n", "string", ", logicalTypeOptions: {minLength: 9, maxLength: 1}"), "minLength: 9", "minLength",
         "9 lies above maxLength 1; exchange them."),
        (with_column("n", "date", ", logicalTypeOptions: {minimum: 2026-02-01, maximum: 2026-01-01}"), "minimum: 2026",
         "minimum", "2026-02-01 lies above maximum 2026-01-01"),
        (with_column("n", "string", ", logicalTypeOptions: {pattern: '('}"), "pattern: '('", "pattern",
         "must be a regular expression"),
        (with_column("n", "string", ", logicalTypeOptions: {pattern: '^(?P<a>x)'}"), "pattern:", "pattern",
         "Java has no (?P<; write (?<name>…) for a named group"),
        (with_column("n", "int", ", quality: [{metric: invalidValues, arguments: {validValues: [a]}, mustBe: 0}]"),
         "validValues", "validValues[0]", "'a' is no value of a int; write numbers without quotes."),
        (with_column("note", "string"), "name: note", "visits.properties", "column 'note' is described twice."),
        (spoiled("domain: shop", "domain: marts"), "domain: marts", "domain",
         "'marts' names jobs and folders of the lakehouse itself"),
        (spoiled("domain: shop", "domain: lakehouse"), "domain: lakehouse", "domain", "'lakehouse' names jobs"),
        (spoiled("domain: shop", "domain: shop\ndomain: shop2"), "domain: shop2", "domain",
         "is there twice, first in line 7; remove one."),
        (with_column("n", "int", ", physicalType: bigint"), "name: n,", "physicalType", "is there twice"),
        (spoiled("physicalType: bigint", "physicalType: bigimt"), "bigimt", "visits.properties[3].physicalType",
         "unknown type 'bigimt' of seq. Did you mean 'bigint'?"),
        (spoiled("schema:\n", "schema: [}\n"), "schema: [}", "YAML", "fix the syntax."),
        (spoiled("at, physicalType: timestamp", "at, physicalType: text"), "physicalType: text", "physicalType",
         "unknown type 'text'"),
        (CONTRACT.partition("schema:")[0] + "schema: []\n", "schema: []", "schema",
         "is empty; describe at least one dataset."),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place(said, contract: str, place: str, field: str, words: str) -> None:  # type: ignore[no-untyped-def]
    (line,) = said(contract)
    file, number, rest = line.split(":", 2)
    assert file == "shop.yaml"
    assert place in contract.splitlines()[int(number) - 1], line
    assert field in rest, line
    assert words in rest, line


def test_every_mistake_is_named_at_once_in_the_order_of_its_lines(said) -> None:  # type: ignore[no-untyped-def]
    contract = with_column("dt", "decmal", contract=spoiled("0 3 * * *", "0 25 * * *"))
    fields = [line.split(": ")[1] for line in said(contract)]
    assert fields == ["slaProperties[0].schedule", "visits.properties[3].physicalType"]


def test_an_empty_contract_names_what_is_missing(said) -> None:  # type: ignore[no-untyped-def]
    assert said("") == ["shop.yaml:1: apiVersion: is missing; add it."]


def test_a_file_of_two_datasets_is_refused_at_the_second_pattern(said) -> None:  # type: ignore[no-untyped-def]
    schema = CONTRACT.partition("schema:\n")[2]
    (line,) = said(CONTRACT + schema.replace("name: visits", "name: sights"))[:1]
    number = CONTRACT.count("\n") + 1
    assert line == (
        f"shop.yaml:{number}: sights.filePattern: a file can match 'visits*.csv' and 'visits*.csv' of visits; let the "
        "names of their files differ, or make the more exact pattern the longer one."
    )


def test_a_tab_is_refused_in_the_words_of_the_slower_reader(tmp_path: Path) -> None:
    file = tmp_path / "erp.yaml"
    for text, said in (
        ("kind:\tx\n", "'\\t' that cannot start any token"),
        ("kind: @x\n", "'@' that cannot start any t"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ContractError, match=re.escape(f"{file}:1: YAML: found character {said}")):
            read_yaml(file)
