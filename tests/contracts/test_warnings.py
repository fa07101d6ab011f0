"""A word of a contract without an effect here: one line of `lakehouse check` with file, line and word; exit code 0."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.project import Project
from lakehouse.contracts.warnings import contract_warnings

ERP, CRM = "contracts/erp.yaml", "contracts/crm.yaml"
CUSTOMER = "      - name: customer_id\n        logicalType: string\n"
QUANTITY = "      - name: quantity\n        logicalType: integer\n"


@pytest.fixture
def copy(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's facts, which commands find."""
    for folder in ("contracts", "great_expectations", "dbt"):
        shutil.copytree(project.root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("target", "logs"))
    monkeypatch.setenv("LAKEHOUSE_PROJECT", str(tmp_path))
    return tmp_path


def spoil(copy: Path, before: str, after: str, file: str = ERP) -> None:
    text = (copy / file).read_text(encoding="utf-8")
    assert before in text, before
    (copy / file).write_text(text.replace(before, after, 1), encoding="utf-8")


def test_the_samples_contracts_have_none(project: Project) -> None:
    assert list(contract_warnings(project.root / "contracts")) == []


@pytest.mark.parametrize(
    ("before", "after", "written", "warning"),
    [
        ("physicalName: erp_orders", "physicalName: T_ORDERS", "T_ORDERS",
         "erp_orders.physicalName: 'T_ORDERS' has no effect here; the tables are named erp_orders."),
        (QUANTITY, f"{QUANTITY}        partitioned: true\n", "partitioned: true",
         "erp_orders.quantity.partitioned: has no effect here; the custom property partitionBy names the partitions."),
        (CUSTOMER, f"{CUSTOMER}        encryptedName: c\n", "encryptedName",
         "erp_orders.customer_id.encryptedName: has no effect here; nothing is encrypted by column."),
        (CUSTOMER, f"{CUSTOMER}        transformLogic: upper(x)\n", "transformLogic",
         "erp_orders.customer_id.transformLogic: has no effect here; transformations are models of dbt."),
        (QUANTITY, QUANTITY.replace("integer", "string"), "name: quantity",
         "erp_orders.quantity.logicalType: 'string' contradicts physicalType int, which is read; write integer."),
        (CUSTOMER, f"{CUSTOMER}        logicalTypeOptions: {{format: ipv6}}\n", "ipv6",
         "'ipv6' has no effect on a column of type string. Checked are email, uuid, uri, hostname, ipv4."),
        (QUANTITY, f"{QUANTITY}        logicalTypeOptions: {{format: i32}}\n", "i32",
         "erp_orders.quantity.logicalTypeOptions.format: 'i32' has no effect on a column of type int."),
        (CUSTOMER, f"{CUSTOMER}        quality: [{{type: sql, query: select 1, mustBe: 1}}]\n", "select 1",
         "erp_orders.customer_id.quality: has no effect: quality of type sql is not run here; write it as an "
         "expectation of the suite."),
        (CUSTOMER, f"{CUSTOMER}        quality: [{{type: custom, engine: soda, implementation: x}}]\n", "soda",
         "erp_orders.customer_id.quality: has no effect: quality of type custom is not run here"),
        (CUSTOMER, f"{CUSTOMER}        quality: [{{metric: rowCount, mustBe: 1}}]\n", "rowCount",
         "erp_orders.customer_id.quality: has no effect: the metric rowCount is not measured here."),
        (CUSTOMER, f"{CUSTOMER}        quality: [{{metric: nullValues, mustBe: 1, unit: tons}}]\n", "tons",
         "the unit tons is not known here; write rows or percent."),
        (CUSTOMER, f"{CUSTOMER}        quality: [{{metric: invalidValues, mustBe: 0}}]\n", "invalidValues",
         "invalidValues needs arguments.pattern or arguments.validValues."),
        (CUSTOMER, f"{CUSTOMER}        quality: [{{metric: nullValues, mustBe: 0, severity: high}}]\n", "high",
         "erp_orders.customer_id.quality.severity: 'high' has no effect; info, warning, error, critical are known"),
        (CUSTOMER, f"{CUSTOMER}        customProperties: [{{property: onFailur, value: warn}}]\n", "onFailur",
         "property 'onFailur' has no effect here. Did you mean 'onFailure'?"),
        (CUSTOMER, f"{CUSTOMER}        classification: geheim\n", "geheim",
         "erp_orders.customer_id.classification: 'geheim' is not known and is masked as personal data."),
        ("  - property: timeOfAvailability\n", "  - {property: retention, value: 3, unit: y}\n  - property: "
         "timeOfAvailability\n", "retention", "'retention' has no effect here, "
         "only frequency, timeOfAvailability, volume, budget, runBudget, quietHours and repeatAfter have."),
        ("    value: 1\n    unit: d\n", "    value: 1\n    unit: h\n", "value: 1",
         "slaProperties[0].value: once in 1 h is not what the schedule says, 1 times a day, which is kept."),
        ("element: erp_orders", "element: erp_order.updated_at", "element: erp_order",
         "slaProperties[1].element: the contract has no dataset 'erp_order'. Did you mean 'erp_orders'?"),
        ("status: active", "status: retired", "status: retired",
         "status: 'retired' has no effect; the datasets are ingested for as long as the contract is here."),
        ("domain: erp\n", "domain: erp\ncustomProperties: [{property: ties, value: first}]\n", "ties",
         "customProperties[0]: property 'ties' has no effect here; it belongs to a dataset."),
    ],
)  # fmt: skip
def test_a_word_without_effect_is_one_warning(copy: Path, before: str, after: str, written: str, warning: str) -> None:
    """The command, which takes seconds, prints such lines in the test below."""
    spoil(copy, before, after)
    (line,) = contract_warnings(copy / "contracts")
    assert line.startswith(f"{copy / ERP}:")
    number = int(line.removeprefix(f"{copy / ERP}:").split(":")[0])
    assert warning in line
    lines = (copy / ERP).read_text().splitlines()
    assert written in lines[number - 1] or written in lines[number - 2]
    assert Project(copy).contracts.dataset("erp_orders")


def test_the_command_prints_warnings_and_ends_with_0(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A word of the contract, of a column's type and of its quality: none is an error of suites, models or views."""
    spoil(copy, "status: active", "status: retired")
    spoil(copy, QUANTITY, QUANTITY.replace("integer", "string"))
    unknown = "quality: [{type: sql, query: select 1, mustBe: 1}, {metric: invalidValues, mustBe: 0}]"
    spoil(copy, CUSTOMER, f"{CUSTOMER}        {unknown}\n        logicalTypeOptions: {{format: ipv6}}\n")
    assert main(["check"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "contracts, suites and views are right\n"
    wanted = [f"warning: {line}" for line in contract_warnings(copy / "contracts")]
    assert len(wanted) == 5
    assert sorted(printed.err.splitlines()) == sorted(wanted)


def test_text_for_people_and_known_words_give_none(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "quality: [{type: text, description: Nobody orders without a name.}]"
    words = f"businessName: Customer\n        classification: Internal\n        tags: [a]\n        {text}\n"
    spoil(copy, CUSTOMER, f"{CUSTOMER}        {words}")
    assert main(["check"]) == 0
    assert capsys.readouterr().err == ""


def test_a_word_that_the_standard_does_not_know_is_an_error(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(copy, CUSTOMER, f"{CUSTOMER}        uniqe: true\n")
    assert main(["check"]) == 3
    assert "'uniqe' was unexpected" in capsys.readouterr().err


def test_values_that_the_suite_lets_pass_and_dbt_does_not_are_named(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = "great_expectations/expectations/erp_orders.json"
    spoil(copy, '"cancelled"', '"cancelled",\n          "refunded"', suite)
    assert main(["check"]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"{copy}/dbt/models/staging/erp/stg_erp_orders.yml:35: accepted_values of status lacks refunded,"
    )
    spoil(copy, "shipped, returned, cancelled]", "shipped, returned, cancelled, refunded, lost]",
          "dbt/models/staging/erp/stg_erp_orders.yml")  # fmt: skip
    assert main(["check"]) == 0


def test_b08_two_classifications_that_were_shown_are_known_now(copy: Path, project: Project) -> None:
    for before, after in (("full_name", "PII"), ("email", "confidential")):
        old = f"      - name: {before}\n        logicalType: string\n        physicalType: string\n"
        old += "        required: true\n        classification: "
        spoil(copy, f"{old}pii\n", f"{old}{after}\n", CRM)
    assert list(contract_warnings(copy / "contracts")) == []
    assert Project(copy).contracts.dataset("crm_leads").pii_columns == {"full_name", "email", "phone"}


def test_b13_every_word_has_an_effect(copy: Path) -> None:
    spoil(
        copy,
        "      - name: order_id\n",
        '      - name: order_id\n        unique: true\n        physicalName: "Order No"\n',
    )
    spoil(copy, CUSTOMER, f"{CUSTOMER}        quality:\n          - {{type: library, metric: nullValues, mustBe: 0}}\n")
    product = "      - name: product_id\n"
    spoil(copy, product, f'{product}        logicalTypeOptions: {{pattern: "^P[0-9]{{4}}$"}}\n')
    assert list(contract_warnings(copy / "contracts")) == []
    assert main(["check"]) == 0
    orders = Project(copy).contracts.dataset("erp_orders")
    added = {"order_id_unique", "customer_id_null_values", "product_id_pattern"}
    assert added <= {rule.name for rule in orders.rules}
    assert orders.columns[0].delivered_name == "Order No"
