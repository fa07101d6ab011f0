"""The references of Terraform's files: the variables and outputs of an environment, and every alarm."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import hcl2

from tools.docs.markdown import code, one_line, page, table


def variables_page(root: Path) -> str:
    """The page of the variables of an environment, with the values of dev and prod, and of the outputs."""
    folder = root / "terraform"
    given = {path.parent.name: _read(path) for path in sorted(folder.glob("environments/*/terraform.tfvars"))}
    rows = [
        (code(name), one_line(_plain(known["description"])), code(_type(known["type"])), _default(known),
         *(_value(values.get(name)) for values in given.values()))
        for name, known in _blocks(folder / "variables.tf", "variable")
    ]  # fmt: skip
    outputs = [(code(name), _plain(known["description"])) for name, known in _blocks(folder / "outputs.tf", "output")]
    return page(
        "Terraform variables and outputs",
        "An environment is a folder below `terraform/environments/`; its `terraform.tfvars` holds what differs from "
        "the defaults. `TF_VAR_<name>` in the shell sets a variable that the file leaves out; one that both set is "
        "refused by `make terraform-…`, for Terraform would take the file's without a word. "
        "[In an AWS account](../cloud.md) has the steps.",
        "## Variables",
        table(("variable", "meaning", "type", "default", *given), rows),
        "## Outputs",
        "`make deploy` and `lakehouse doctor --environment …` read them; `tools/terraform.sh outputs dev` prints them.",
        table(("output", "meaning"), outputs),
    )


def alarms_page(root: Path) -> str:
    """The page of the alarms: name, when it rings, and what to do."""
    (watch,) = [known for name, known in _blocks(root / "terraform" / "main.tf", "module") if name == "watch"]
    given = {"24 + var.grace_hours": 24 + watch["grace_hours"]}
    rows = [
        (
            code(_name(known["alarm_name"])),
            _sentence(_with(given, known["alarm_description"])),
            _condition(known),
            _what_to_do(key),
        )
        for file in sorted((root / "terraform" / "modules").rglob("main.tf"))
        for key, known in _resources(file, "aws_cloudwatch_metric_alarm")
    ]
    return page(
        "Alarms",
        "Alarms and messages go to the SNS topic `<name>-operations`, and by e-mail to `ops_email`. Each failed or "
        "timed-out Glue run is a message of its own, with job, run and reason: look the reason up in "
        "[when a run fails](../how-to/when-a-run-fails.md). A monthly budget warns of the account's costs "
        "(`monthly_budget_usd`, [Terraform variables](terraform-variables.md)). `…` stands for the environment's name, "
        "a job or a dataset. [On call](../how-to/on-call.md) says where to look first.",
        table(("alarm", "meaning", "rings when", "what to do"), rows),
    )


_WHAT_TO_DO = {
    "undelivered": "look at the Glue runs of the last hour in the console or in Airflow; then at the topic's policy",
    "late": "open the DAG of that name in Airflow: its runbook says what to do; "
    "[states](states.md) says why a batch waits",
    "quarantine": "open the batch in Data Docs; then [repair its rows](../how-to/repair-quarantine.md), or decide on "
    "the [stopped batch](../how-to/when-a-run-fails.md#a-stopped-batch)",
}


def _with(given: Mapping[str, int], text: str) -> str:
    """A text with the sums that it names computed."""
    for words, value in given.items():
        text = text.replace(f"${{{words}}}", str(value))
    return text


def _what_to_do(key: str) -> str:
    if key not in _WHAT_TO_DO:
        raise KeyError(f"tools/docs/terraform_files.py: say what to do when the alarm '{key}' rings")
    return _WHAT_TO_DO[key]


def _read(file: Path) -> dict[str, Any]:
    with file.open(encoding="utf-8") as opened:
        return dict(hcl2.load(opened))


def _blocks(file: Path, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in _read(file).get(kind, ()):
        for name, known in item.items():
            yield _plain(name), known


def _resources(file: Path, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for type_, named in _blocks(file, "resource"):
        if type_ == kind:
            yield from ((_plain(name), known) for name, known in named.items())


def _plain(value: object) -> str:
    return str(value).strip('"')


def _type(value: object) -> str:
    return one_line(_plain(value).removeprefix("${").removesuffix("}"))


def _default(known: dict[str, Any]) -> str:
    return _value(known["default"]) if "default" in known else "**required**"


def _value(value: object) -> str:
    if value is None:
        return ""
    text = re.sub(r"'?__is_block__'?: \w+,? ?", "", re.sub("[\"']", "", str(value)))
    return code({"True": "true", "False": "false", "": '""'}.get(text, text))


def _name(value: object) -> str:
    """An alarm's name without Terraform's expressions."""
    return re.sub(r"\$\{[^}]*\}", "…", _plain(value)).removeprefix("…-")


def _sentence(value: object) -> str:
    text = re.sub(r"\$\{var\.(\w+)\}", r"`\1`", _plain(value))
    return re.sub(r"\$\{(\d+) \+ var\.(\w+)\}", r"\1 + `\2`", re.sub(r"\$\{each\.key\}", "…", text))


def _condition(known: dict[str, Any]) -> str:
    metric = re.sub(r"\$\{var\.[\w.]*?(\w+)\}", r"\1", _plain(known.get("metric_name", "")))
    sign = {"GreaterThanThreshold": ">", "LessThanThreshold": "<", "GreaterThanOrEqualToThreshold": "≥"}
    limit = re.sub(r"\$\{var\.(\w+)\}", r"the variable `\1`", _plain(known.get("threshold", "")))
    compared = sign.get(_plain(known.get("comparison_operator", "")), "")
    return f"`{metric}` {compared} {limit}" if metric and limit else "an expression, see the file"
