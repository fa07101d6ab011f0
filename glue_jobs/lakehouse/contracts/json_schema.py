"""A JSON schema of contracts for editors: the standard's own, narrowed to the words that the reader knows.

An editor completes and underlines by it; `lakehouse check` asks the reader, which sees what lies between fields too.
"""

from __future__ import annotations

import importlib.resources
import json
from typing import Any

from lakehouse.contracts.classification import known_words
from lakehouse.contracts.columns_reader import NAME, TYPE
from lakehouse.contracts.contract import Drift, FileFormat, MergeMode, MergeStrategy, Ties
from lakehouse.contracts.property_names import KNOWN, REQUIRED
from lakehouse.contracts.rule_words import ON_FAILURE
from lakehouse.contracts.suite import OnFailure

Schema = dict[str, Any]

SCHEMA_FILE = "contract.schema.json"
_COLUMN, _COLUMNS = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
_FLAG = {"type": "boolean"}
_VALUES: dict[str, Schema] = {
    "filePattern": {"type": "string", "minLength": 1, "description": "Names of its files, with * and ?."},
    "fileFormat": {"enum": [*FileFormat], "description": "RFC 4180 with a header, or one JSON object a line."},
    "mergeStrategy": {"enum": [*MergeStrategy], "description": "Which versions of a key silver keeps."},
    "sequenceBy": _COLUMN | {"description": "The column that orders the versions of a key: a number or a time."},
    "deleteFlag": _COLUMN | {"description": "The boolean column that marks a deleted row."},
    "dateColumn": _COLUMN | {"description": "The date or timestamp whose UTC date becomes dt."},
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
    "notAfterDelivery": {"description": "How far sequence and date may lie after the delivery: 2h, 1d, off."},
}  # fmt: skip
"""What each custom property of a dataset may be; a test holds the names against the reader's."""


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
    definitions = {**standard["$defs"], "LakehouseColumn": _column()}
    return {**standard, "title": "Contract of the lakehouse", "$defs": definitions, "allOf": [ours]}


def _dataset() -> Schema:
    named = [{"contains": {"properties": {"property": {"const": name}}}} for name in sorted(REQUIRED)]
    return {
        "required": ["name", "description", "customProperties", "properties"],
        "properties": {
            "name": {"pattern": NAME},
            "customProperties": {"items": {"oneOf": [_property(name) for name in sorted(KNOWN)]}, "allOf": named},
            "properties": {"minItems": 1, "items": {"$ref": "#/$defs/LakehouseColumn"}},
        },
    }


def _property(name: str) -> Schema:
    return {"properties": {"property": {"const": name}, "value": _VALUES[name]}}


def _column() -> Schema:
    words = [word for group in known_words().values() for word in group]
    failure = {"properties": {"property": {"const": ON_FAILURE}, "value": {"enum": [*OnFailure]}}}
    return {
        "required": ["name", "physicalType", "description"],
        "properties": {
            "name": {"pattern": NAME},
            "physicalType": {"pattern": TYPE, "description": "A type of Spark SQL."},
            "classification": {"examples": words},
            "customProperties": {"items": failure},
            "properties": {"minItems": 1, "items": {"$ref": "#/$defs/LakehouseColumn"}},
        },
    }


def schema_text() -> str:
    """The schema as it stands beside the contracts."""
    return json.dumps(contract_schema(), indent=1, ensure_ascii=False) + "\n"
