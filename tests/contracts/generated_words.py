"""What a random contract says of its files and of the text of their values, for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Words = dict[str, Any]

_FILES: dict[str, list[Words]] = {
    "csv": [
        {}, {"delimiter": "semicolon"}, {"delimiter": "tab", "encoding": "Latin-1"}, {"encoding": "UTF-16"},
        {"header": False, "comment": "#"}, {"skipLines": 1}, {"delimiter": "pipe", "quote": "'", "escape": "\\"},
    ],
    "json_lines": [{}, {"encoding": "Windows-1252"}],
    "json": [{}, {"path": "data.items"}, {"encoding": "UTF-16"}],
    "xlsx": [{}, {"sheet": "Items"}, {"headerRow": 2}],
    "parquet": [{}],
    "avro": [{}],
}  # fmt: skip
FORMATS = tuple(_FILES)
_BLANKS = {"property": "trim", "value": True}
_GONE = {"property": "nullWords", "value": ["NULL", "-/-"]}
_COMMA = [{"property": "decimalSeparator", "value": ","}, {"property": "groupSeparator", "value": "."}]
_GROUPS = [{"property": "groupSeparator", "value": " "}, {"property": "trailingMinus", "value": True}]
_YES = [{"property": "trueWords", "value": ["yes", "J"]}, {"property": "falseWords", "value": ["no", "N"]}]
_BERLIN = {"format": "dd.MM.yyyy HH:mm:ss", "defaultTimezone": "Europe/Berlin"}
_OF_TYPES: dict[str, list[Words]] = {
    "string": [{"customProperties": [_BLANKS]}, {"customProperties": [_GONE, {"property": "case", "value": "upper"}]},
               {"customProperties": [{"property": "unicodeForm", "value": "NFC"}]}],
    "int": [{"customProperties": [_GONE]}, {"customProperties": _GROUPS}],
    "bigint": [{"customProperties": [_GONE, _BLANKS]}],
    "double": [{"customProperties": _COMMA}],
    "decimal": [{"customProperties": _COMMA}, {"customProperties": [_GONE]}],
    "boolean": [{"customProperties": _YES}, {"customProperties": [_GONE]}],
    "date": [{"logicalType": "date", "logicalTypeOptions": {"format": "d/M/yyyy"}}],
    "timestamp": [{"logicalType": "timestamp", "logicalTypeOptions": options} for options in
                  (_BERLIN, {"format": "epoch_millis"}, {"format": "yyyy-MM-dd'T'HH:mm:ssXXX"})],
}  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> Words:
    """A file format and, where it has any, options."""
    name = draw(st.sampled_from(FORMATS))
    options = draw(st.sampled_from(_FILES[name]))
    return {"fileFormat": name, **({"fileOptions": options} if options else {})}


@st.composite
def texts(draw: st.DrawFn, kind: str) -> Words:
    """What a column of a type says of its text, most often nothing."""
    known = _OF_TYPES.get(kind.split("(", maxsplit=1)[0], [])
    return draw(st.sampled_from([{}, {}, *known]))


def is_text(format_: str) -> bool:
    """Whether values of such files are written as text, so that a contract may say how."""
    return format_ not in ("parquet", "avro")
