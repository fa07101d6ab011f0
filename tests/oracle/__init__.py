"""What the lake must hold, computed from the delivered files alone, for the tests to compare with."""

from tests.oracle.oracle import AmbiguousDeliveryError, Batch, Expected, Table, expected

__all__ = ["AmbiguousDeliveryError", "Batch", "Expected", "Table", "expected"]
