"""The reference of contracts: the standard's words that are read, and our custom properties, from reader and schema."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options_reader import OF_FORMATS
from lakehouse.contracts.json_schema import MONEY_SCHEMAS, OPTION_SCHEMAS, TEXT_SCHEMAS, contract_schema
from lakehouse.contracts.layout import TARGET_FILE_BYTES
from lakehouse.contracts.money import MONEY_PROPERTIES
from lakehouse.contracts.property_names import FORMER_NAMES, FORMER_VALUES, KNOWN, REQUIRED
from lakehouse.contracts.quality_reader import OF_COLUMNS, OF_TABLES
from lakehouse.contracts.rules_reader import OPTIONS
from lakehouse.contracts.values import EPOCHS
from lakehouse.contracts.values_reader import VALUE_PROPERTIES
from lakehouse.say import format_bytes
from tools.docs.markdown import code, codes, page, table

FIELDS = Path(__file__).parent / "contract_fields.yaml"
_READS = frozenset({"need", "find", "text", "flag"})
_FIELD_OF = {
    "merge": "merge_mode", "typeWidening": "widens_types", "targetFileSize": "target_file_bytes",
}  # fmt: skip
"""The field of a dataset that a property sets, where it is not the property in snake_case."""


def page_of_properties(root: Path) -> str:
    """The whole page."""
    return page(
        "Contract properties",
        "A contract is a file `contracts/<domain>.yaml` of the "
        "[Open Data Contract Standard 3.1](https://bitol-io.github.io/open-data-contract-standard/). "
        "[Add a dataset](../how-to/add-a-dataset.md) has one to copy and says more on each property. `lakehouse check` "
        "names every word that it does not know, with file and line, and every word of the standard without an effect "
        "here; `contracts/contract.schema.json` completes them in an editor.",
        "## Words of the standard that are read",
        table(("word", "where", "required or default", "values", "meaning"), _standard()),
        "## Custom properties of a dataset",
        "Entries of `customProperties`: `{property: filePattern, value: \"erp_orders*.csv\"}`.",
        table(("property", "required or default", "values", "meaning", "example"), _custom(root)),
        "## File options",
        "Entries of the custom property `fileOptions`: `{property: fileOptions, value: {delimiter: semicolon}}`. "
        "[File formats](../how-to/file-formats.md) shows them at work.",
        table(("option", "of formats", "values", "meaning"), _of_schemas(OPTION_SCHEMAS, OF_FORMATS)),
        "## Custom properties of a column",
        "How the text of a column is read, and what its amounts are in. "
        "`logicalTypeOptions` of a date or timestamp has two more: `format`, a "
        f"pattern in the letters of Java's `DateTimeFormatter` or {codes(EPOCHS)}, and `defaultTimezone`, whose clock "
        "a time without an offset is read from.",
        table(
            ("property", "of types", "values", "meaning"),
            _of_schemas(TEXT_SCHEMAS | MONEY_SCHEMAS, {**VALUE_PROPERTIES, **MONEY_PROPERTIES}),
        ),
        "## Rules by contract",
        "`logicalTypeOptions` with an effect: "
        + "; ".join(f"of a {kind} {codes(sorted(names))}" for kind, names in OPTIONS.items() if names)
        + ". Each becomes a rule `<column>_<option>`.",
        "## Quality",
        table(
            ("metric", "of", "rule"),
            [*((code(name), "a column", code(f"<column>_{rule}")) for name, rule in OF_COLUMNS.items()),
             *((code(name), "a dataset", code(rule)) for name, rule in OF_TABLES.items())],
        ),
        "## Former names",
        "They are still read; `lakehouse check` warns of each.",
        table(("former", "now"), _former()),
    )  # fmt: skip


def standard_fields() -> list[dict[str, str]]:
    """The words of the standard as this folder describes them."""
    found: list[dict[str, str]] = yaml.safe_load(FIELDS.read_text(encoding="utf-8"))
    return found


def words_read(root: Path) -> set[str]:
    """Every word that the readers of contracts ask a place of the file for."""
    return {
        str(node.args[0].value)
        for file in sorted((root / "glue_jobs/lakehouse/contracts").glob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _READS
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


def _standard() -> Iterator[tuple[str, ...]]:
    for known in standard_fields():
        yield code(known["name"]), known["where"], known["default"], known["values"], known["meaning"]


def _custom(root: Path) -> Iterator[tuple[str, ...]]:
    examples, schemas = _examples(root), _schemas()
    for name in (*sorted(REQUIRED), *sorted(KNOWN - REQUIRED)):
        schema = schemas[name]
        default = "**required**" if name in REQUIRED else _default(name)
        yield code(name), default, _values(schema), schema.get("description", ""), code(examples.get(name, ""))


def _schemas() -> dict[str, dict[str, Any]]:
    """What the value of each custom property may be, as editors read it."""
    of_dataset = contract_schema()["allOf"][0]["properties"]["schema"]["items"]["properties"]
    entries = [entry["properties"] for entry in of_dataset["customProperties"]["items"]["oneOf"]]
    return {entry["property"]["const"]: entry["value"] for entry in entries}


def _values(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return codes(schema["enum"])
    if "anyOf" in schema or "oneOf" in schema:
        return " or ".join(_values(one) for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ())))
    if "minimum" in schema:
        return f"{schema['minimum']} to {schema.get('maximum', '…')}"
    listed = "a list of columns" if "items" in schema else "a list of words"
    names = {"string": "text", "array": listed, "boolean": "`true`, `false`", "integer": "a whole number"}
    return names.get(str(schema.get("type")), "see the meaning")


def _of_schemas(schemas: Mapping[str, dict[str, Any]], kinds: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """A row per word with what it may be, for a table whose second column says where it may stand."""
    for name, schema in schemas.items():
        yield code(name), codes(kinds[name]), _values(schema), schema.get("description", "")


def _default(name: str) -> str:
    """The default as the dataset's own field has it, in the words of a contract."""
    if name == "fileOptions":
        return "none"
    field = _FIELD_OF.get(name) or re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)
    found = {known.name: known.default for known in dataclasses.fields(Dataset)}.get(field, dataclasses.MISSING)
    if name == "targetFileSize":
        return code(format_bytes(TARGET_FILE_BYTES).replace(" ", ""))
    if name == "typeWidening":
        return code("rewrite" if found else "refuse")
    if name == "notAfterDelivery":
        return code(f"{found.days}d") if found else ""
    if name == "dateColumn":
        return "none; **required** where the layout names `dt` or `month`"
    if name == "sequenceBy":
        return "none; **required** unless `mergeStrategy` is `append`"
    if isinstance(found, bool):
        return code(str(found).lower())
    return "none" if found is dataclasses.MISSING or found is None else code(found)


def _examples(root: Path) -> dict[str, str]:
    """The first value of each property in the project's own contracts."""
    found: dict[str, str] = {}
    for file in sorted((root / "contracts").glob("*.yaml")):
        for dataset in yaml.safe_load(file.read_text(encoding="utf-8")).get("schema", ()):
            for entry in dataset.get("customProperties", ()):
                found.setdefault(entry["property"], str(entry["value"]).replace("'", ""))
    return found


def _former() -> Iterator[tuple[str, str]]:
    for old, now in FORMER_NAMES.items():
        yield code(old), code(now.now)
        yield from ((code(f"{old}: {before}"), code(f"{now.now}: {after}")) for before, after in now.values.items())
    for name, values in FORMER_VALUES.items():
        yield from ((code(f"{name}: {before}"), code(f"{name}: {after}")) for before, after in values.items())
