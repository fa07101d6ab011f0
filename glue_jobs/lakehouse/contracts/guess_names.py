"""Names for a new dataset and its columns, and which columns are personal data by their names and values."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

from lakehouse.contracts.columns import DATE_COLUMNS, VALIDITY_COLUMNS
from lakehouse.contracts.columns_reader import NAME
from lakehouse.contracts.file_options import PACKED_ENDINGS
from lakehouse.contracts.profile import ColumnFacts
from lakehouse.errors import LakehouseError

_PLAIN_ENDINGS = ("csv", "tsv", "tab", "psv", "txt", "dat", "json", "jsonl", "ndjson")
_RESERVED = frozenset(column.name for column in (*DATE_COLUMNS, *VALIDITY_COLUMNS))
_PERSONAL = re.compile(
    r"e_?mail|phone|mobile|(^|_)fax|(first|last|full|given|family|maiden|middle|user|customer|contact)_?name|surname"
    r"|birth|(^|_)dob(_|$)|(^|_)age(_|$)|gender|(^|_)sex(_|$)|address|street|(^|_)zip|post_?(al_?)?code|iban"
    r"|passport|(^|_)ssn(_|$)|tax_id|social_security|(^|_)ip(_|$)|latitude|longitude|salary|income|marital"
    r"|card_?(number|no|nr)|account_?(number|no|nr)|vorname|nachname|strasse|telefon|geburt|(^|_)plz(_|$)"
)
_POSITION = re.compile(r"(^|_)(lines?|positions?|pos|index|rows?|zeilen?)(_(no|nr|num|number))?$")
_PEOPLE = re.compile(r"customer|client|lead|employee|user|member|person|people|contact|visitor|staff|household|patient")


class NoCommonNameError(LakehouseError):
    """Files whose names have no beginning in common that a pattern could be made of."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(
            f"{', '.join(names)}: the files of a dataset have names that begin alike, with a letter, and end alike; "
            "rename them as in stock_counts_2026-10-18.csv, or run this for each dataset."
        )


def common_name(files: Sequence[str]) -> tuple[str, str]:
    """What files of a dataset begin with, without dates and numbers, and end with; raises NoCommonNameError."""
    endings = [_ending(name) for name in files]
    stems = [name.removesuffix(ending) for name, ending in zip(files, endings, strict=True)]
    alike = itertools.takewhile(lambda signs: len(set(signs)) == 1, zip(*stems, strict=False))
    begin = re.sub(r"[\d\W_]+\Z", "", "".join(signs[0] for signs in alike))
    if not re.match(r"[^\W\d_]", begin) or len(set(endings)) > 1 or not re.search("[a-z]", plain(begin)):
        raise NoCommonNameError(files)
    return begin, endings[0]


def _ending(name: str) -> str:
    """What says of what kind a file is: its last suffix, and for a packed file that of what is in it too."""
    file = PurePath(name)
    inner = PurePath(file.stem).suffix
    is_packed = file.suffix[1:].lower() in PACKED_ENDINGS and inner[1:].lower() in _PLAIN_ENDINGS
    return (inner if is_packed else "") + file.suffix


def pattern_of(begin: str, ending: str) -> str:
    """The file pattern for names that begin and end so."""
    return re.sub(r"[][*?]", "?", begin) + "*" + ending


def plain(name: str) -> str:
    """A name in lower_case letters, digits and _; `Order ID` and `orderId` are `order_id`."""
    letters = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", letters.replace("ß", "ss"))
    words = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    if not words:
        return "column"
    return words if words[0].isalpha() else f"c_{words}"


def column_names(delivered: Iterable[str], added: Iterable[str] = ()) -> dict[str, str]:
    """A name of the contract for each delivered one; those that can stay as they are do.

    added: names of columns that silver adds beside those that it always has.
    """
    reserved = _RESERVED.union(added)
    every = tuple(delivered)
    found = {name: name for name in every if re.fullmatch(NAME[1:-1], name) and name not in reserved}
    for name in every:
        if name not in found:
            found[name] = _free(name, {*found.values(), *every}, reserved)
    return {name: found[name] for name in every}


def _free(name: str, taken: set[str], reserved: frozenset[str]) -> str:
    wanted = plain(name)
    wanted = f"delivered_{wanted}" if wanted in reserved else wanted
    number, free = 2, wanted
    while free in taken:
        free, number = f"{wanted}_{number}", number + 1
    return free


def is_position(name: str) -> bool:
    """Whether a column says the place of a row among others: each order, or each file, has a first line."""
    return _POSITION.search(name) is not None


def why_personal(facts: ColumnFacts, name: str, dataset: str) -> str | None:
    """Why a column is taken for personal data, by the form of its values or by its name; None for an open one."""
    half = max(1, (facts.filled + 1) // 2)
    forms: Mapping[str, bool] = {
        "has e-mail addresses": facts.emails > 0,
        "has phone numbers": facts.phones >= half,
        "has IP addresses": facts.addresses >= half,
        "has bank accounts": facts.ibans >= half,
    }
    shape = next((why for why, is_so in forms.items() if is_so), None)
    is_persons_name = name == "name" and _PEOPLE.search(dataset) is not None
    return shape or ("by its name" if _PERSONAL.search(name) or is_persons_name else None)
