"""A JSON schema of contracts for editors: the standard's own, narrowed to the words that the reader knows.

An editor completes and underlines by it; `lakehouse check` asks the reader, which sees what lies between fields too.
"""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Sequence
from typing import Any

from lakehouse.contracts.choices import Drift, FileFormat, MergeMode, MergeStrategy, Ties
from lakehouse.contracts.classification import known_words
from lakehouse.contracts.columns import COLLECTIONS
from lakehouse.contracts.columns_reader import NAME, TYPE
from lakehouse.contracts.elements import POSITION
from lakehouse.contracts.file_options import Encoding
from lakehouse.contracts.keep_days import KEPT_IN, MOST_DAYS
from lakehouse.contracts.money import CURRENCY, TAX
from lakehouse.contracts.property_names import KNOWN, REQUIRED
from lakehouse.contracts.rule_words import ON_FAILURE
from lakehouse.contracts.suite import OnFailure
from lakehouse.contracts.values import Ambiguous, Case, UnicodeForm

Schema = dict[str, Any]

SCHEMA_FILE = "contract.schema.json"
_COLUMN, _COLUMNS = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
_FLAG = {"type": "boolean"}
_SIGN, _WORDS = {"type": "string", "minLength": 1, "maxLength": 1}, {"type": "array", "minItems": 1}
_MARK = {"type": "string", "pattern": "^(.|tab|comma|semicolon|pipe)$"}
OPTION_SCHEMAS: dict[str, Schema] = {
    "delimiter": _MARK | {"description": "What stands between fields; a comma where it is not said."},
    "quote": {"type": "string", "pattern": "^(.|none)$", "description": "What stands around fields, or none."},
    "escape": _MARK | {"description": "What takes its meaning from a quote, a delimiter or itself."},
    "encoding": {"enum": [*Encoding], "description": "UTF-8 where it is not said."},
    "header": _FLAG | {"description": "Whether the first line names the columns."},
    "columns": _COLUMNS | {"minItems": 1, "description": "Of a file without a header, in its order."},
    "skipLines": {"type": "integer", "minimum": 0, "maximum": 10000, "description": "Lines before the header."},
    "comment": _MARK | {"description": "What begins a line that is no row."},
    "path": {"type": "string", "minLength": 1, "description": "Members that lead to the array: data.orders."},
    "sheet": {"type": "string", "minLength": 1, "description": "A worksheet's name."},
    "headerRow": {"type": "integer", "minimum": 1, "maximum": 10000, "description": "The row of the column names."},
}
"""What each of fileOptions may be; a test holds the names against the reader's."""
_DAYS = {"type": "integer", "minimum": 1, "maximum": MOST_DAYS}
_OPERATIONS = {"type": "array", "minItems": 1, "items": {"type": ["string", "integer"]}}
_ELEMENTS: Schema = {
    "required": ["path"], "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("path", "name", "prefix", POSITION), _COLUMN), **dict.fromkeys(("with", "key"), _COLUMNS),
    },
}  # fmt: skip
_VALUES: dict[str, Schema] = {
    "filePattern": {"type": "string", "minLength": 1, "description": "Names of its files, with * and ?."},
    "fileFormat": {"enum": [*FileFormat], "description": "json is a document, json_lines has an object a line."},
    "mergeStrategy": {"enum": [*MergeStrategy], "description": "Which versions of a key silver keeps."},
    "sequenceBy": {
        "anyOf": [_COLUMN, _COLUMNS | {"minItems": 1, "uniqueItems": True}],
        "description": "What orders the versions of a key: numbers or times, or last the order in which they arrive.",
    },
    "deleteFlag": _COLUMN | {"description": "The boolean column that marks a deleted row."},
    "operations": {
        "type": "object",
        "required": ["column", "delete"],
        "additionalProperties": False,
        "properties": {"column": _COLUMN, **dict.fromkeys(("insert", "update", "delete", "ignore"), _OPERATIONS)},
        "description": "Of a change log: the column that says what happened to a row, and its words.",
    },
    "snapshotShrinkLimitPercent": {
        "type": "number", "minimum": 0, "maximum": 100,
        "description": "Each file is all there is, and deletes what it lacks; lacking more of the keys stops it.",
    },
    "dateColumn": _COLUMN | {"description": "The date or timestamp whose date becomes dt; without it there is no dt."},
    "dateZone": {
        "type": "string", "minLength": 1, "description": "The clock of dt: UTC, delivered, or a zone: Europe/Berlin.",
    },
    "partitionBy": _COLUMNS | {"description": "Folders of the silver table; dt and month may be named."},
    "clusterBy": _COLUMNS | {"description": "What rows are sorted by within a partition."},
    "quarantineLimitPercent": {
        "type": "number", "minimum": 0, "maximum": 100, "description": "More bad rows than that stop the batch.",
    },
    "targetFileSize": {"type": "string", "pattern": "^[1-9][0-9]* ?(KB|MB|GB)$", "description": "Of one data file."},
    "maxReadAmplification": {
        "type": "number", "minimum": 1.01, "maximum": 10, "description": "From when maintenance reclusters.",
    },
    "retentionDays": {"type": "integer", "minimum": 1, "maximum": 3650, "description": "Of obsolete data files."},
    "allowShortRetention": _FLAG | {"description": "Confirms retentionDays below 7."},
    "partitionIsStable": _FLAG | {"description": "A key never changes its partition."},
    "merge": {"enum": [*MergeMode], "description": "How a row of silver is replaced."},
    "typeWidening": {"enum": ["refuse", "rewrite"], "description": "What a wider type in the contract leads to."},
    "drift": {"enum": [*Drift], "description": "What happens to columns that the contract does not have."},
    "ties": {"enum": [*Ties], "description": "Which of several contents with one sequence stays."},
    "fileOptions": {
        "type": "object", "properties": OPTION_SCHEMAS, "additionalProperties": False, "minProperties": 1,
        "description": "How its files are written, beyond their format.",
    },
    "keepDays": {
        "type": "object", "properties": dict.fromkeys(KEPT_IN, _DAYS), "additionalProperties": False,
        "minProperties": 1, "description": "For how many days each layer keeps a row, by its date; for ever without.",
    },
    "explode": {
        "type": ["string", "object", "array"], **_ELEMENTS,
        "minItems": 1, "items": {"type": ["string", "object"], **_ELEMENTS},
        "description": "The path of a list whose elements are rows of a dataset; or path, name, with, prefix, position "
        "and key; or a list of these.",
    },
    "notAfterDelivery": {"description": "How far sequence and date may lie after the delivery: 2h, 1d, off."},
}  # fmt: skip
"""What each custom property of a dataset may be; a test holds the names against the reader's."""
TEXT_SCHEMAS: dict[str, Schema] = {
    "ambiguous": {"enum": [*Ambiguous], "description": "Which instant a time is that the clock shows twice."},
    "decimalSeparator": _SIGN | {"description": "What stands before the decimals; a point where it is not said."},
    "groupSeparator": _SIGN | {"description": "What stands between groups of three digits."},
    "trailingMinus": _FLAG | {"description": "A minus may stand behind the number: 12.50-."},
    "nullWords": _WORDS | {"description": "Texts that stand for no value, as they are written."},
    "trueWords": _WORDS | {"description": "Texts that stand for true, in capitals or not."},
    "falseWords": _WORDS | {"description": "Texts that stand for false, in capitals or not."},
    "trim": _FLAG | {"description": "Blanks around a value are no part of it."},
    "unicodeForm": {"enum": [*UnicodeForm], "description": "The normal form that the text is kept in."},
    "case": {"enum": [*Case], "description": "The letters that the text is kept in."},
}
"""What each custom property of a column that is about its text may be."""
MONEY_SCHEMAS: dict[str, Schema] = {
    CURRENCY: {"type": "string", "description": "What its amounts are in: EUR, or the column that names it by row."},
    TAX: _FLAG | {"description": "Whether its amounts have tax in them."},
}


def contract_schema() -> Schema:
    """The schema, with the standard's definitions in it, so that an editor needs no network."""
    text = importlib.resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8")
    standard: Schema = json.loads(text)
    ours: Schema = {
        "required": ["apiVersion", "domain", "name", "description", "team", "slaProperties", "schema"],
        "properties": {
            "domain": {"pattern": NAME},
            "team": {"type": "object", "required": ["name", "members"]},
            "schema": {"minItems": 1, "items": _dataset()},
        },
    }
    definitions = {**standard["$defs"], "LakehouseColumn": _column(), "LakehouseItems": _items()}
    return {**standard, "title": "Contract of the lakehouse", "$defs": definitions, "allOf": [ours]}


def _dataset() -> Schema:
    named = [{"contains": _stated("property", name)} for name in sorted(REQUIRED)]
    has_order: Schema = {"anyOf": [{"contains": _stated("property", "sequenceBy")}, {"contains": _APPENDS}]}
    return {
        "required": ["name", "description", "customProperties", "properties"],
        "properties": {
            "name": {"pattern": NAME},
            "customProperties": {
                "items": {"oneOf": [_property(name) for name in sorted(KNOWN)]},
                "allOf": [*named, has_order],
            },
            "properties": {"minItems": 1, "items": {"$ref": "#/$defs/LakehouseColumn"}},
        },
    }


def _stated(field: str, word: str) -> Schema:
    return {"properties": {field: {"const": word}}, "required": [field]}


_APPENDS: Schema = {"allOf": [_stated("property", "mergeStrategy"), _stated("value", MergeStrategy.APPEND)]}


def _property(name: str) -> Schema:
    return {"properties": {"property": {"const": name}, "value": _VALUES[name]}}


def _column() -> Schema:
    words = [word for group in known_words().values() for word in group]
    known = {ON_FAILURE: {"enum": [*OnFailure]}, **TEXT_SCHEMAS, **MONEY_SCHEMAS}
    named = [{"properties": {"property": {"const": name}, "value": value}} for name, value in known.items()]
    other = {"properties": {"property": {"not": {"enum": [*known]}}}}
    return {
        "required": ["name", "physicalType", "description"],
        "properties": {
            "name": {"pattern": NAME},
            "physicalType": {"pattern": TYPE, "description": "A type of Spark SQL."},
            "classification": {"examples": words},
            "customProperties": {"items": {"anyOf": [*named, other]}},
            "properties": {"minItems": 1, "items": {"$ref": "#/$defs/LakehouseColumn"}},
            "items": {"$ref": "#/$defs/LakehouseItems"},
        },
        "allOf": _FORMS,
    }


def _items() -> Schema:
    """The elements of an array, the values of a map."""
    known = {"physicalType": {"pattern": TYPE, "description": "A type of Spark SQL."}}
    held = {
        "properties": {"minItems": 1, "items": {"$ref": "#/$defs/LakehouseColumn"}},
        "items": {"$ref": "#/$defs/LakehouseItems"},
    }
    return {"required": ["physicalType"], "properties": known | held, "allOf": _FORMS}


def _form(types: Sequence[str], word: str) -> Schema:
    """What must be said inside of a column of some types, and of no other."""
    is_one: Schema = {"properties": {"physicalType": {"enum": [*types]}}, "required": ["physicalType"]}
    return {"if": is_one, "then": {"required": [word]}, "else": {"not": {"required": [word]}}}


_FORMS = [_form(("struct",), "properties"), _form(COLLECTIONS, "items")]


def schema_text() -> str:
    """The schema as it stands beside the contracts."""
    return json.dumps(contract_schema(), indent=1, ensure_ascii=False) + "\n"
