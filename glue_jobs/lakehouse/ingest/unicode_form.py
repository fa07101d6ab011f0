"""Text in one of Unicode's normal forms, which Spark's own functions do not know."""

from __future__ import annotations

from typing import cast

import pandas as pd  # type: ignore[import-untyped]
from pyspark.sql import Column as SparkColumn
from pyspark.sql.pandas.functions import pandas_udf

from lakehouse.contracts.values import UnicodeForm


def normalized(text: SparkColumn, form: UnicodeForm) -> SparkColumn:
    """The text in a normal form; computed by Python next to the JVM."""
    name = form.value

    def in_form(texts: pd.Series) -> pd.Series:
        return texts.str.normalize(name)

    return cast(SparkColumn, pandas_udf(in_form, "string")(text))  # type: ignore[call-overload]
