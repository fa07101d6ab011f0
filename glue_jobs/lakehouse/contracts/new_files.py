"""The text of the files that describe a new dataset: its entry in a contract, a new contract, its suite."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from lakehouse.contracts.columns import Column
from lakehouse.contracts.file_options import Encoding
from lakehouse.contracts.new_dataset import Proposal
from lakehouse.contracts.profile import Profile
from lakehouse.contracts.values import AS_WRITTEN, Values
from lakehouse.contracts.yaml_places import read_yaml

_DELIMITERS = {";": "semicolon", "\t": "tab", "|": "pipe"}
_LOGICAL = {"bigint": "integer", "decimal": "number", "double": "number", "struct": "object", "map": "array"}
QUARANTINE_LIMIT_PERCENT = SHRINK_LIMIT_PERCENT = 20


def new_contract(proposal: Proposal) -> str:
    """A contract file of a new domain with that dataset; what no file can say stands there to be replaced."""
    domain = proposal.domain
    title = domain.replace("_", " ").capitalize()
    return f"""\
# yaml-language-server: $schema=contract.schema.json
apiVersion: v3.1.0
kind: DataContract
id: retail-{domain.replace("_", "-")}
name: {title}
version: 1.0.0
status: active
domain: {domain}
description:
  purpose: {title}, as delivered.
team:
  name: {domain}
  members:
    - username: {domain.replace("_", "-")}-oncall@retail.example
      role: owner
slaProperties:
  - property: frequency
    value: 1
    unit: d
    schedule: "0 3 * * *"
  - property: timeOfAvailability
    value: "06:00"
schema:
{dataset_entry(proposal, 2)}"""


def dataset_entry(proposal: Proposal, indent: int) -> str:
    """One entry of `schema`, with its dash at that column."""
    return "".join(f"{' ' * indent}{line}\n" for line in _dataset_lines(proposal))


def with_entry(file: Path, proposal: Proposal) -> str | None:
    """The text of a contract with one more dataset; None where its `schema` is not written as a block of dashes."""
    schema, text = read_yaml(file).need("schema").node, file.read_text(encoding="utf-8")
    if not isinstance(schema, yaml.SequenceNode) or schema.flow_style or not schema.value:
        return None
    lines = text.splitlines(keepends=True)
    end = schema.end_mark.line if schema.end_mark.column <= schema.start_mark.column else schema.end_mark.line + 1
    while end > 0 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    before = "".join(lines[:end])
    before += "" if before.endswith("\n") else "\n"
    return before + dataset_entry(proposal, schema.start_mark.column) + "".join(lines[end:])


def suite_text(proposal: Proposal) -> str:
    """The suite: a delivery has rows, and what had no empty value so far warns when it has one."""
    rules = [
        _rule(
            "expect_table_row_count_to_be_between", {"min_value": 1}, "batch_not_empty",
            "A delivery holds at least one row.", "fail", "critical",
        )
    ]  # fmt: skip
    rules += [
        _rule(
            "expect_column_values_to_not_be_null", {"column": name}, f"{name}_filled",
            f"{name.replace('_', ' ').capitalize()} had a value in every row when the contract was written.",
            "warn", "info",
        )
        for name in proposal.whole
        if name not in proposal.roles
    ]  # fmt: skip
    content = {"name": proposal.name, "expectations": rules, "meta": {"great_expectations_version": "1.24.1"}}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _rule(type_: str, kwargs: dict[str, object], name: str, sentence: str, failure: str, severity: str) -> object:
    meta = {"rule": name, "sentence": sentence, "on_failure": failure}
    return {"type": type_, "kwargs": kwargs, "meta": meta, "severity": severity}


def _dataset_lines(proposal: Proposal) -> Iterator[str]:
    yield f"- name: {proposal.name}"
    per = "delivered row" if proposal.appends else f"{' and '.join(proposal.key)}, the newest version of each"
    yield f"  description: One row per {per}."
    yield "  customProperties:"
    yield f"    - {{property: filePattern, value: {_quoted(proposal.file_pattern)}}}"
    yield f"    - {{property: fileFormat, value: {proposal.profile.file_format.value}}}"
    if options := _file_options(proposal.profile):
        yield f"    - {{property: fileOptions, value: {{{', '.join(options)}}}}}"
    yield f"    - {{property: mergeStrategy, value: {'append' if proposal.appends else 'upsert'}}}"
    if not proposal.appends:
        yield f"    - {{property: sequenceBy, value: {_sequence(proposal)}}}"
    if proposal.is_snapshot:
        yield f"    - {{property: snapshotShrinkLimitPercent, value: {SHRINK_LIMIT_PERCENT}}}"
    if proposal.delete_flag:
        yield f"    - {{property: deleteFlag, value: {_name(proposal.delete_flag)}}}"
    if proposal.date_column:
        yield f"    - {{property: dateColumn, value: {_name(proposal.date_column)}}}"
    yield f"    - {{property: partitionBy, value: [{', '.join(map(_name, proposal.partition_by))}]}}"
    yield f"    - {{property: clusterBy, value: [{', '.join(map(_name, proposal.cluster_by))}]}}"
    yield f"    - {{property: quarantineLimitPercent, value: {QUARANTINE_LIMIT_PERCENT}}}"
    yield "  properties:"
    for column in proposal.columns:
        yield from (f"    {line}" for line in _column_lines(column, proposal))


def _file_options(profile: Profile) -> list[str]:
    """How the files are written, where they are not as the standard is."""
    found = {
        "delimiter": _DELIMITERS.get(profile.delimiter, ""),
        "encoding": "" if profile.encoding is Encoding.UTF_8 else profile.encoding.value,
        "header": "" if profile.has_header else "false",
        "path": _quoted(".".join(profile.json_path)) if profile.json_path else "",
    }
    return [f"{name}: {value}" for name, value in found.items() if value]


def _column_lines(column: Column, proposal: Proposal | None) -> Iterator[str]:
    """proposal: None for a field of a struct, which has no role."""
    kind = column.type.split("(")[0]
    yield f"- name: {_name(column.name)}"
    if column.physical_name is not None:
        yield f"  physicalName: {_quoted(column.physical_name)}"
    yield f"  logicalType: {_LOGICAL.get(kind, kind)}"
    yield f"  physicalType: {column.type}"
    options = {"format": column.values.format, "defaultTimezone": column.values.time_zone}
    if said := [f"{name}: {_quoted(value)}" for name, value in options.items() if value]:
        yield f"  logicalTypeOptions: {{{', '.join(said)}}}"
    yield f"  required: {str(proposal is not None and column.name in proposal.roles).lower()}"
    if proposal is not None and column.name in proposal.key:
        yield "  primaryKey: true"
        yield f"  primaryKeyPosition: {proposal.key.index(column.name) + 1}"
    if column.pii and not column.fields:
        yield "  classification: pii"
    if words := _words(column.values):
        yield "  customProperties:"
        yield from (f"    - {{property: {name}, value: {value}}}" for name, value in words.items())
    yield f"  description: {_quoted(column.description)}"
    yield from _inside_lines(column)


def _words(values: Values) -> dict[str, str]:
    """What else is said of a column's values, as YAML."""
    found = {} if values.decimal_separator == "." else {"decimalSeparator": _quoted(values.decimal_separator)}
    if values.group_separator:
        found["groupSeparator"] = _quoted(values.group_separator)
    lists = {"trueWords": values.true_words, "falseWords": values.false_words, "nullWords": values.null_words}
    usual = ((), AS_WRITTEN.true_words, AS_WRITTEN.false_words)
    found |= {name: f"[{', '.join(map(_quoted, words))}]" for name, words in lists.items() if words not in usual}
    return found


def _inside_lines(column: Column) -> Iterator[str]:
    """What a struct, an array or a map has in it."""
    if column.fields:
        yield "  properties:"
        for field in column.fields:
            yield from (f"    {line}" for line in _column_lines(field, None))
    if column.items is not None:
        kind = column.items.type.split("(")[0]
        yield "  items:"
        yield f"    logicalType: {_LOGICAL.get(kind, kind)}"
        yield f"    physicalType: {column.items.type}"
        yield from (f"  {line}" for line in _inside_lines(column.items))


_YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def _name(column: str) -> str:
    """A column's name in YAML, which takes some words for values."""
    return _quoted(column) if column in _YAML_WORDS else column


def _sequence(proposal: Proposal) -> str:
    names = [_name(name) for name in proposal.sequence_by]
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _quoted(text: str) -> str:
    """The text in double quotes, with YAML's escapes."""
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=1 << 30).strip()
