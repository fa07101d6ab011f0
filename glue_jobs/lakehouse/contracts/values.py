"""How the text of a column is read: patterns of time, clocks, separators and words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

EPOCHS = {"epoch_seconds": 1_000_000, "epoch_millis": 1_000, "epoch_micros": 1}
"""Formats that count from 1970-01-01T00:00:00Z, with the microseconds of one unit."""

YEAR_1, YEAR_2000 = -62_135_596_800_000_000, 946_684_800_000_000
YEAR_2100, YEAR_10000 = 4_102_444_800_000_000, 253_402_300_800_000_000
"""Microseconds since 1970. A number of the years 2000 to 2099 is, in another unit, in none of these years."""

BLANKS = " \t\u00a0\u202f"
"""What `trim` removes; the blanks of offices are often the narrow one."""

NULL_WORDS = ("null", "none", "nan", "nil", "na", "n/a", "#n/a", "(null)", "-", "\\n")
"""Texts that often stand for no value, in lower case; they do where a contract has them in `nullWords`."""


class Ambiguous(StrEnum):
    """Which instant a time is that a clock shows twice, on the day when it is set back."""

    EARLIER = "earlier"
    LATER = "later"


class Case(StrEnum):
    """The letters that a text is kept in."""

    LOWER = "lower"
    UPPER = "upper"


class UnicodeForm(StrEnum):
    """The normal form that a text is kept in: é as one character (NFC) or as two (NFD)."""

    NFC = "NFC"
    NFD = "NFD"


@dataclass(frozen=True)
class Values:
    """What a contract says of the text of one column's values.

    format: a pattern of times or a word of EPOCHS; None for ISO 8601. time_zone: whose clock a time without an offset
    is read from. null_words: texts that stand for no value. true_words, false_words: those of a boolean, in any case.
    earliest, before: what numbers since 1970 count to, in microseconds; those of another unit do not.
    """

    format: str | None = None
    time_zone: str | None = None
    ambiguous: Ambiguous | None = None
    decimal_separator: str = "."
    group_separator: str | None = None
    trailing_minus: bool = False
    null_words: tuple[str, ...] = ()
    true_words: tuple[str, ...] = ("true",)
    false_words: tuple[str, ...] = ("false",)
    trim: bool = False
    unicode_form: UnicodeForm | None = None
    case: Case | None = None
    earliest: int = YEAR_2000
    before: int = YEAR_2100

    @property
    def epoch_unit(self) -> int | None:
        """The microseconds of what the numbers of an epoch count; None for every other format."""
        return EPOCHS.get(self.format or "")

    @property
    def changes_text(self) -> bool:
        """Whether the text is made another before its type is looked at."""
        return bool(self.null_words or self.trim or self.unicode_form or self.case)


AS_WRITTEN = Values()
"""Without a word of the contract."""
