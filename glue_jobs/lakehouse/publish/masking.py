"""What a query on a laptop shows of personal data: `***`, by the classification that Athena's grants go by.

The mask is part of the engine's view of a table, so conditions, joins and functions meet it as well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlglot import exp

from lakehouse.contracts.columns import BROKEN_RULES, RAW_TEXT, RESCUED
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import BRONZE, PINNED, QUARANTINE, SILVER
from lakehouse.lake.paths import Lake
from lakehouse.lake.published import pins_of
from lakehouse.lake.reveals import record_reveal
from lakehouse.privacy import MASK
from lakehouse.quarantine.rows import UNSPLIT

_LAYERS = (BRONZE, SILVER, QUARANTINE)


def personal_tables(lake: Lake, contracts: Contracts, tables: Sequence[tuple[str, str]]) -> dict[str, Dataset]:
    """The tables, as layer.table, whose dataset has personal data; a pinned version is as its table."""
    datasets = {dataset.name: dataset for dataset in contracts.datasets if dataset.pii_columns}
    pinned = {pin.pinned_as: pin.table_name for pin in pins_of(lake) if pin.layer == SILVER}
    found = {f"{layer}.{name}": datasets[name] for layer, name in tables if layer in _LAYERS and name in datasets}
    return found | {
        f"{layer}.{name}": datasets[pinned[name]]
        for layer, name in tables
        if layer == PINNED and pinned.get(name) in datasets
    }


def hidden_columns(dataset: Dataset, layer: str) -> frozenset[str]:
    """The columns of a table that may hold personal data: beside the classified ones, delivered text as a whole."""
    return dataset.pii_columns | (frozenset() if layer in (SILVER, PINNED) else {RESCUED, RAW_TEXT})


def record_read(lake: Lake, personal: Mapping[str, Dataset], read: Collection[str], who: str) -> None:
    """Record which of the tables with personal data a query reads, if any; raises RevealNotRecordedError."""
    seen = {name: hidden_columns(d, name.split(".")[0]) for name, d in personal.items() if name.lower() in read}
    if seen:
        record_reveal(lake, {name: sorted(columns) for name, columns in seen.items()}, who)


def masked(dataset: Dataset, layer: str, types: Mapping[str, str]) -> str:
    """The list of a SELECT of a table with its personal data masked. types: the engine's type of each column.

    A row of quarantine that could not be split may have any value in any column.
    """
    hidden = hidden_columns(dataset, layer)
    replaced = [f"{_mask(name, kind)} AS {_quoted(name)}" for name, kind in types.items() if name in hidden]
    if layer == QUARANTINE and BROKEN_RULES in types:
        unsplit = f"list_has_any({_quoted(BROKEN_RULES)}, [{', '.join(repr(rule) for rule in sorted(UNSPLIT))}])"
        replaced += [
            f"CASE WHEN {unsplit} THEN {_mask(name, kind)} ELSE {_quoted(name)} END AS {_quoted(name)}"
            for name, kind in types.items()
            if name in dataset.column_names and name not in hidden
        ]
    return f"* REPLACE ({', '.join(replaced)})" if replaced else "*"


def computes_with(tree: exp.Expr | None, personal: Collection[str]) -> bool:
    """Whether a query does more with a personal column than show it, or ask whether it is null.

    A null stays one under the mask, so IS NULL and count(column) are right.
    """
    columns = tree.find_all(exp.Column) if tree is not None else ()
    return any(column.name.lower() in personal and not _only_shown(column) for column in columns)


def _only_shown(column: exp.Column) -> bool:
    parent = column.parent
    if isinstance(parent, exp.Alias):
        return isinstance(parent.parent, exp.Select)
    is_null = isinstance(parent, exp.Is) and isinstance(parent.expression, exp.Null)
    return is_null or isinstance(parent, (exp.Select, exp.Count))


def _mask(name: str, kind: str) -> str:
    """`***` for text, else a null of the type; what is null stays so."""
    column = _quoted(name)
    return f"CASE WHEN {column} IS NOT NULL THEN '{MASK}' END" if kind == "VARCHAR" else f"nullif({column}, {column})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
