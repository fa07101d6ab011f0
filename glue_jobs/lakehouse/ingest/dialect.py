"""CSV with other signs than those of RFC 4180, read by the same law: signs are exchanged before and back afterwards.

Where a file has `;` between its fields, each `;` becomes a comma and each comma a `;`: nothing is lost, and what was a
field by its own signs is one by those of the standard. What has no counterpart there, as an escaped quote, becomes one
of Unicode's noncharacters, which no text may hold; a text that holds one is as unreadable as one that is not UTF-8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.columns import RAW_TEXT, RESCUED, UNREADABLE
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import Encoding, FileOptions

_QUOTE, _DELIMITER, _ESCAPE, _NO_QUOTE, _COMMENT = ("\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3", "\ufdd4")
_OWN = _QUOTE + _DELIMITER + _ESCAPE + _NO_QUOTE + _COMMENT
_BROKEN = "\ufffd"
_C1 = "".join(map(chr, range(0x80, 0xA0)))
_WINDOWS = bytes(range(0x80, 0xA0)).decode("cp1252", errors="replace")
"""What Windows-1252 has where Latin-1 has control characters; five places are empty."""


@dataclass(frozen=True)
class Dialect:
    """The signs of a dataset's CSV files."""

    options: FileOptions

    @property
    def _exchanged(self) -> dict[str, str]:
        """Each sign with the one that stands for it in RFC 4180; read backwards it is right, too."""
        delimiter, quote = self.options.delimiter, self.options.quote
        if quote is None:  # no mark is a quote: not that of the standard, and none that a comma would become
            comma = _NO_QUOTE if delimiter == '"' else delimiter
            return {",": comma, '"': _NO_QUOTE, delimiter: ","}
        own = {delimiter: ",", quote: '"'}
        # What a sign takes the place of takes a place that has become free.
        free = sorted(set(own) - set(own.values()))
        gone = sorted(set(own.values()) - set(own))
        return {**own, **dict(zip(gone, free, strict=True))}

    @property
    def _pairs(self) -> list[tuple[str, str]]:
        """Escaped signs with what stands for them, in the order in which they are looked for."""
        escape = self.options.escape
        if escape is None or escape == self.options.quote:
            return []
        pairs = [(escape + escape, _ESCAPE), (escape + self.options.delimiter, _DELIMITER)]
        return pairs if self.options.quote is None else [*pairs, (escape + self.options.quote, _QUOTE)]

    @property
    def _back(self) -> dict[str, str]:
        """What stands for a sign within a value, with that sign."""
        back = {standard: own for own, standard in self._exchanged.items()}
        escaped = {_QUOTE: self.options.quote or '"', _DELIMITER: self.options.delimiter, _COMMENT: ""}
        return {**back, **escaped, _ESCAPE: self.options.escape or ""}

    def exchanged(self, text: str) -> str:
        """A text by the signs of RFC 4180."""
        text = text.translate(dict.fromkeys(map(ord, _OWN), _BROKEN))
        for pair, sign in self._pairs:
            text = text.replace(pair, sign)
        return _exchange(text, self._exchanged)

    def line(self, text: str) -> str:
        """A line by the signs of RFC 4180; a comment has none of them and begins with a sign of its own."""
        found = self.exchanged(text)
        if not self.is_comment(text):
            return found
        return _COMMENT + _exchange(found, {'"': _QUOTE, ",": _DELIMITER})

    def is_comment(self, text: str) -> bool:
        """Whether a line is a comment."""
        return self.options.comment is not None and text.startswith(self.options.comment)

    def value(self, text: str) -> str:
        """A field as it was delivered."""
        return _exchange(text, self._back)

    def line_column(self, text: SparkColumn) -> SparkColumn:
        """`line` in Spark's words."""
        text = F.translate(F.make_valid_utf8(text), _OWN, _BROKEN * len(_OWN))
        found = text
        for pair, sign in self._pairs:
            found = F.replace(found, F.lit(pair), F.lit(sign))
        found = _translated(found, self._exchanged)
        if self.options.comment is None:
            return found
        plain = F.concat(F.lit(_COMMENT), F.translate(found, '",', _QUOTE + _DELIMITER))
        return F.when(text.startswith(self.options.comment), plain).otherwise(found)

    def _value_column(self, text: SparkColumn) -> SparkColumn:
        return _translated(text, self._back)

    def _raw_column(self, text: SparkColumn) -> SparkColumn:
        """A whole record as it was delivered."""
        found = _translated(text, {standard: own for own, standard in self._exchanged.items()})
        for pair, sign in self._pairs:
            found = F.replace(found, F.lit(sign), F.lit(pair))
        return F.translate(found, _COMMENT, "")

    def undone(self, rows: DataFrame, dataset: Dataset) -> DataFrame:
        """Rows of `csv_rows` with the signs that were delivered, and without comments."""
        if self.options.comment is not None:
            begin = F.coalesce(RAW_TEXT, *dataset.column_names)
            rows = rows.where(~F.coalesce(begin.startswith(_COMMENT), F.lit(False)))
        values = {name: self._value_column(F.col(name)) for name in dataset.column_names}
        beside = F.transform_values(
            F.from_json(RESCUED, "map<string,string>"), lambda _, text: self._value_column(text)
        )
        return rows.withColumns({**values, RAW_TEXT: self._raw_column(F.col(RAW_TEXT)), RESCUED: F.to_json(beside)})


def _exchange(text: str, signs: Mapping[str, str]) -> str:
    return text.translate({ord(one): other for one, other in signs.items()})


def _translated(text: SparkColumn, signs: dict[str, str]) -> SparkColumn:
    """Each sign exchanged for its counterpart; one without is removed."""
    kept = {one: other for one, other in signs.items() if other}
    removed = "".join(one for one, other in signs.items() if not other)
    return F.translate(text, "".join(kept) + removed, "".join(kept.values()))


def decoded(line: SparkColumn, encoding: Encoding) -> SparkColumn:
    """A line of bytes as text; what the encoding does not have becomes the sign for broken characters."""
    if encoding is Encoding.UTF_8:
        return line
    text = F.decode(line.cast("binary"), "ISO-8859-1")
    return F.translate(text, _C1, _WINDOWS) if encoding is Encoding.WINDOWS_1252 else text


def in_own_words(rows: DataFrame, encoding: Encoding) -> DataFrame:
    """The rule about broken characters by the name of the files' encoding."""
    rule = F.when(F.col(UNREADABLE) == Encoding.UTF_8.rule, F.lit(encoding.rule)).otherwise(F.col(UNREADABLE))
    return rows if encoding is Encoding.UTF_8 else rows.withColumn(UNREADABLE, rule)
