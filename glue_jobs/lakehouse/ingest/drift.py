"""A file's columns held against the contract's: what makes a file be refused, and how the difference is said.

Columns are matched by their names, so a reordered file is read right; what is lacking or unknown follows the dataset's
`drift`. Without Spark: the rows themselves are read in delivered.py.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from lakehouse.contracts.choices import Drift
from lakehouse.contracts.dataset import Dataset
from lakehouse.privacy import MASK

_NAME = re.compile(r"[A-Za-z_][\w-]{0,62}")


def by_contract_names(columns: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    """The columns of a file by the contract's names, where the file has them under their physical names."""
    names = {column.delivered_name: column.name for column in dataset.columns}
    return tuple(names.get(name, name) for name in columns)


def header_problem(columns: Sequence[str], dataset: Dataset) -> str | None:
    """Why a CSV file cannot be taken, by its header; None for one that can, and for an empty file."""
    wanted = dataset.column_names
    missing = [name for name in wanted if name not in columns]
    doubled = sorted({name for name in columns if name in wanted and columns.count(name) > 1})
    if not columns:
        return None  # an empty file is a batch without rows, and stops as such
    if len(missing) == len(wanted):
        return f"its first line names no column of the contract{_lists(columns, dataset)}"
    required = [name for name in missing if name in dataset.required_columns]
    if required:
        plural = "columns" if len(required) > 1 else "column"
        named = ", ".join(_as_delivered(name, dataset) for name in required)
        return f"required {plural} {named} missing{_renamed(required, columns, dataset)}" + _lists(columns, dataset)
    if doubled:
        return f"column {_as_delivered(doubled[0], dataset)} twice{_lists(columns, dataset)}"
    return _policy_problem(columns, missing, dataset)


def _as_delivered(name: str, dataset: Dataset) -> str:
    """A column's name, with the one that files have for it where that is another."""
    physical = dataset.column(name).physical_name
    return name if physical is None else f"{name} ({physical} in files)"


def _policy_problem(columns: Sequence[str], missing: Sequence[str], dataset: Dataset) -> str | None:
    """What the dataset's drift refuses beyond what no policy can take."""
    unknown = unknown_columns(columns, dataset)
    if dataset.drift is Drift.STRICT and tuple(columns) != dataset.column_names:
        return f"its columns are not those of the contract, in their order (drift: strict){_lists(columns, dataset)}"
    if dataset.drift is Drift.IGNORE and missing and unknown:
        # Taking the known columns would turn a renamed one into nulls.
        hint = _renamed(missing, columns, dataset)
        return f"column {', '.join(missing)} missing and {_shown(unknown, dataset)} unknown{hint}" + _lists(
            columns, dataset
        )
    return None


def unknown_columns(columns: Sequence[str], dataset: Dataset) -> list[str]:
    """The columns of a file that the contract does not know."""
    return [name for name in columns if name not in dataset.column_names]


def _lists(columns: Sequence[str], dataset: Dataset) -> str:
    """Both lists of columns, side by side."""
    return f"; found {_shown(columns, dataset)}; wanted {', '.join(dataset.column_names)}"


def _shown(columns: Sequence[str], dataset: Dataset) -> str:
    """Names of a header for people. Without a header the first row stands there: its values must not be shown."""
    known = [name in dataset.column_names for name in columns]
    if not dataset.pii_columns:
        return ", ".join(columns)
    plain = [MASK if not is_known and (not any(known) or not _NAME.fullmatch(name)) else name
             for name, is_known in zip(columns, known, strict=True)]  # fmt: skip
    return ", ".join(plain)


def _renamed(missing: Sequence[str], columns: Sequence[str], dataset: Dataset) -> str:
    """A guess at what became of the missing columns."""
    unknown = {name.lower(): name for name in unknown_columns(columns, dataset) if _NAME.fullmatch(name)}
    found = [(name, difflib.get_close_matches(name, unknown, n=1, cutoff=0.5)) for name in missing]
    pairs = [f"{name} renamed to {unknown[close[0]]}?" for name, close in found if close]
    return f" ({', '.join(pairs)})" if pairs else ""


def lacking(columns: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    """The optional columns that a file lacks; they are null in all of its rows."""
    return tuple(name for name in dataset.optional_columns if columns and name not in columns)


def rescued_names(columns: Sequence[str]) -> list[str]:
    """Names under which values of unknown columns are kept: none empty, none twice."""
    names: list[str] = []
    for number, column in enumerate(columns, start=1):
        name = column or f"column_{number}"
        names.append(name if name not in names else f"{name}_{number}")
    return names
