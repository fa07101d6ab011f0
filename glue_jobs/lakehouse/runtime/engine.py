"""What Spark refuses of a dataset's values, types and names: one line that names it, instead of a stack trace.

By the SQL standard the first two characters of a SQLSTATE say whose fault an error is: 22 is a value, 42 a name, a type
or the syntax. Any other error is a fault of the lakehouse, the machine or another writer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from lakehouse import log
from lakehouse.contracts.dataset import Dataset
from lakehouse.errors import LakehouseError
from lakehouse.privacy import states_of, without_values
from lakehouse.runtime.machine import foreseen
from lakehouse.runtime.recording import timed

_KINDS = {
    "22": ("a value", "correct the delivery, or the type in"),
    "42": ("a name, a type or an expression", "correct it in"),
}


class RefusedByEngineError(LakehouseError):
    """Spark refuses a value, a name or a type of a dataset where none of our own checks did."""

    def __init__(self, dataset: Dataset, step: str, kind: str, reason: str, cure: str) -> None:
        self.dataset, self.step, self.kind, self.reason = dataset.name, step, kind, reason
        super().__init__(
            f"{dataset.name}: {step}: Spark refuses {kind} ({reason}); {cure} contracts/{dataset.domain}.yaml. "
            "The batch waits for it."
        )


@contextlib.contextmanager
def about_dataset(dataset: Dataset, step: str) -> Iterator[None]:
    """Name the dataset in each line logged inside and in what Spark refuses of it; step: ingest, transform, ….

    The seconds are recorded as work for the dataset.
    """
    with log.about(dataset=dataset.name), timed(dataset.name):
        try:
            yield
        except LakehouseError:
            raise
        except Exception as error:
            if known := refused(error, dataset, step):
                raise known from None
            raise


def refused(error: Exception, dataset: Dataset, step: str) -> RefusedByEngineError | None:
    """The one line for an error of Spark that a value, name or type of a dataset caused; None for any other."""
    kinds = [_KINDS[state[:2]] for state in states_of(error) if state[:2] in _KINDS]
    if not kinds or foreseen(error) is not None:  # a missing permission has a state of class 42, too
        return None
    reason = without_values(error, (*dataset.known_columns, *dataset.silver_column_names))
    return RefusedByEngineError(dataset, step, kinds[-1][0], reason, kinds[-1][1])
