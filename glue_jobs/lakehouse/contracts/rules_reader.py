"""Reads what a contract promises of its columns as rules: required, unique, logicalTypeOptions and quality."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lakehouse.contracts.columns import Column
from lakehouse.contracts.operations import Operations
from lakehouse.contracts.quality_reader import column_quality, table_quality, unique
from lakehouse.contracts.rule_words import (
    BETWEEN,
    FORMATS,
    LENGTHS,
    NOT_NULL,
    REGEX,
    in_name,
    kind_of,
    length_of,
    limit_of,
    literal,
    named_apart,
    on_failure_of,
    quoted,
    regex_of,
    rows_where,
    rule,
    step_of,
)
from lakehouse.contracts.suite import OnFailure, Rule
from lakehouse.contracts.suite_checks import is_after
from lakehouse.contracts.yaml_places import Place

_BOUNDS: Mapping[str, tuple[str, Mapping[str, bool], str]] = {
    "minimum": ("minimum", {}, "at least"),
    "exclusiveMinimum": ("exclusive_minimum", {"strict_min": True}, "above"),
    "maximum": ("maximum", {}, "at most"),
    "exclusiveMaximum": ("exclusive_maximum", {"strict_max": True}, "below"),
}
_LENGTHS = {"minLength": ("min_length", "min_value", "at least"), "maxLength": ("max_length", "max_value", "at most")}
OPTIONS = {
    "number": frozenset({*_BOUNDS, "multipleOf"}),
    "time": frozenset(_BOUNDS),
    "string": frozenset({*_LENGTHS, "pattern", "format"}),
    "nothing": frozenset[str](),
}
"""The logicalTypeOptions with an effect, by what can be asked of a column's values."""


@dataclass(frozen=True)
class Asked:
    """Which rows of a change log need a value in every required column: not those that delete or change nothing.

    always: the columns in which those need one, too.
    """

    condition: str
    always: frozenset[str]

    def narrowed(self, rule: Rule) -> Rule:
        """The rule for these rows alone."""
        condition = {"row_condition": self.condition, "condition_parser": "spark"}
        return replace(rule, kwargs={**rule.kwargs, **condition})


def asked_of(
    operations: Operations | None, always: Sequence[str], partition_by: Sequence[str], date_column: str | None
) -> Asked | None:
    """A source often writes no more of a deleted row than its key."""
    if operations is None:
        return None
    words = ", ".join(literal(word) for word in (*operations.delete, *operations.ignore))
    date = [date_column] if date_column and {"dt", "month"} & {*partition_by} else []
    condition = f"CAST({quoted(operations.column)} AS STRING) NOT IN ({words})"
    return Asked(condition, frozenset((*always, operations.column, *partition_by, *date)))


def read_rules(
    dataset: Place, columns: Sequence[Column], needed: Collection[str], key: Sequence[str], asked: Asked | None = None
) -> tuple[Rule, ...]:
    """Every rule that a dataset's contract holds, one of a kind; raises ContractError.

    needed: the columns without which a row cannot be merged. key: which rows are versions of one row. asked: which rows
    need a value in the columns that are required; None for all of them.
    """
    found: list[Rule] = []
    for node, column in zip(dataset.need("properties").items(), columns, strict=True):
        found += _of_column(
            node.named(f"{dataset.field}.{column.name}"), column, column.name in needed, tuple(key), asked
        )
    found += table_quality(dataset, columns, tuple(key))
    return named_apart(found)


def _of_column(node: Place, column: Column, needed: bool, key: tuple[str, ...], asked: Asked | None) -> Iterator[Rule]:
    """The rules of one column, then those of its fields."""
    given = on_failure_of(node)
    if column.required or needed:
        # A row without these cannot be merged, so no contract may let it pass.
        firmly = OnFailure.QUARANTINE if needed and given is OnFailure.WARN else given
        found = _required(column, firmly or OnFailure.QUARANTINE)
        yield asked.narrowed(found) if asked and column.name not in asked.always else found
    if node.flag("unique") and key != (column.name,):
        yield unique(f"{in_name(column.name)}_unique", (column.name,), key, given or OnFailure.QUARANTINE)
    yield from _options(node, column, column.name, given or OnFailure.QUARANTINE)
    yield from column_quality(node, column, column.name, key, given)
    fields = node.find("properties")
    for inner, field in zip(fields.items() if fields else (), column.fields, strict=True):
        yield from _of_field(
            inner.named(f"{node.field}.{field.name}"), field, column.name, column.required and asked is None
        )


def _of_field(node: Place, field: Column, parent: str, parent_required: bool) -> Iterator[Rule]:
    """The rules of a struct's field; where the struct itself may lack, its fields are asked for only in one that is."""
    name, given = f"{parent}.{field.name}", on_failure_of(node)
    if field.required:
        found = _required(field, given or OnFailure.QUARANTINE, f"{parent}.")
        condition = {"row_condition": f"{quoted(parent)} IS NOT NULL", "condition_parser": "spark"}
        yield found if parent_required else replace(found, kwargs={**found.kwargs, **condition})
    yield from _options(node, field, name, given or OnFailure.QUARANTINE)
    yield from column_quality(node, field, name, (), given)
    fields = node.find("properties")
    for inner, own in zip(fields.items() if fields else (), field.fields, strict=True):
        yield from _of_field(inner.named(f"{node.field}.{own.name}"), own, name, parent_required and field.required)


def _required(column: Column, on_failure: OnFailure, parent: str = "") -> Rule:
    name, own = parent + column.name, in_name(parent + column.required_rule)
    return rule(own, f"Every row has a value in {name}.", on_failure, NOT_NULL, column=name)


def _options(node: Place, column: Column, name: str, on_failure: OnFailure) -> Iterator[Rule]:
    """What logicalTypeOptions say; those without an effect on such a column are named by `lakehouse check`."""
    options, short = node.find("logicalTypeOptions"), in_name(name)
    _refuse_empty_ranges(options, column)
    for option, value in options.entries() if options else ():
        if not has_effect(option, value, column):
            continue
        if option in _BOUNDS:
            yield _bound(option, limit_of(value, column), name, on_failure)
        elif option in _LENGTHS:
            suffix, side, words = _LENGTHS[option]
            length = length_of(value)
            sentence, kwargs = f"{name} has {words} {length} characters.", {"column": name, side: length}
            yield rule(f"{short}_{suffix}", sentence, on_failure, LENGTHS, **kwargs)
        elif option == "multipleOf":
            step = step_of(value)
            sentence, condition = f"{name} is a multiple of {step:f}.", f"{quoted(name)} % {step:f} <> 0"
            yield rows_where(f"{short}_multiple_of", sentence, on_failure, condition)
        else:
            regex = regex_of(value) if option == "pattern" else FORMATS[value.value]
            sentence = f"{name} is written as {value.value}."
            yield rule(f"{short}_{option}", sentence, on_failure, REGEX, column=name, regex=regex)


def _refuse_empty_ranges(options: Place | None, column: Column) -> None:
    """A lower limit above the upper one is a slip that would quarantine every row."""
    given = dict(options.entries()) if options else {}
    known = {option: value for option, value in given.items() if has_effect(option, value, column)}
    for low, high in itertools.product(("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if low in known and high in known and is_after(limit_of(known[low], column), limit_of(known[high], column)):
            raise known[low].error(f"{known[low].value} lies above {high} {known[high].value}; exchange them.")
    lengths = [length_of(known[option]) for option in _LENGTHS if option in known]
    if len(lengths) == len(_LENGTHS) and lengths[0] > lengths[1]:
        raise known["minLength"].error(f"{lengths[0]} lies above maxLength {lengths[1]}; exchange them.")


def has_effect(option: str, value: Place, column: Column) -> bool:
    """Whether an option becomes a rule for such a column."""
    if option == "multipleOf" and column.type == "double":
        return False  # a double is hardly ever the exact multiple of anything
    return option in OPTIONS[kind_of(column)] and (option != "format" or value.value in FORMATS)


def _bound(option: str, limit: int | float | str, name: str, on_failure: OnFailure) -> Rule:
    suffix, strict, words = _BOUNDS[option]
    side = "min_value" if "inimum" in option else "max_value"
    kwargs = {"column": name, side: limit, **strict}
    return rule(f"{in_name(name)}_{suffix}", f"{name} is {words} {limit}.", on_failure, BETWEEN, **kwargs)
