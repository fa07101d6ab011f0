"""The pages of docs/reference/ say what the code says: written again they are the same, and no name is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lakehouse import errors
from lakehouse.lake.paths import LEDGERS
from lakehouse.publish import descriptions
from tools.docs import commands, configuration, contract_properties, error_classes, table_columns
from tools.docs.reference import FOLDER, PAGES
from tools.docs.terraform_files import alarms_page
from tools.pictures import draw_states

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == PAGES[name](ROOT), "run make reference"


def test_every_environment_variable_that_is_read_is_described() -> None:
    described, read = configuration.names_described("environment"), configuration.environment_names(ROOT)
    assert len(read) > 20
    assert read - described == set(), "describe them in tools/docs/configuration.yaml, then run make reference"
    assert described - read == set(), "nothing reads them"
    assert configuration.names_described("variables") == configuration.airflow_names()


def test_a_variable_that_the_code_reads_is_found(tmp_path: Path) -> None:
    source = """
import os
a, b = os.environ.get("ONE", "x"), os.environ["TWO"]
c = "THREE" in os.environ
os.environ["WRITTEN"] = "LAKEHOUSE_FOUR is named"
"""
    (tmp_path / "glue_jobs").mkdir()
    (tmp_path / "glue_jobs" / "module.py").write_text(source, encoding="utf-8")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "start.sh").write_text("echo ${LAKEHOUSE_FIVE:-no}\n", encoding="utf-8")
    assert configuration.environment_names(tmp_path) == {"ONE", "TWO", "THREE", "LAKEHOUSE_FOUR", "LAKEHOUSE_FIVE"}


def test_every_word_that_the_reader_asks_for_is_described() -> None:
    described = {known["name"] for known in contract_properties.standard_fields()}
    assert described == contract_properties.words_read(ROOT), "describe it in tools/docs/contract_fields.yaml"


def test_every_class_of_error_has_an_anchor_of_its_own() -> None:
    found = [error.name for error in error_classes.all_classes(ROOT) if error.messages]
    headings = re.findall(r"^### (\w+)$", (FOLDER / "errors.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(found) > 80
    assert sorted(headings) == sorted(found)
    assert len({name.lower() for name in found}) == len(found), "two classes would share an anchor"
    assert [error.name for error in error_classes.all_classes(ROOT) if error.messages and not error.cause] == []


def test_a_class_of_error_is_read_with_its_message(tmp_path: Path) -> None:
    source = '''
class GoneError(TransientError):
    """It went away."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: gone after {name} tries. " "Run it again.")
'''
    (tmp_path / "glue_jobs" / "lakehouse").mkdir(parents=True)
    (tmp_path / "glue_jobs" / "lakehouse" / "gone.py").write_text(source, encoding="utf-8")
    (tmp_path / "docs" / "how-to").mkdir(parents=True)
    row = "| message | what to do |\n|---|---|\n| `erp: gone after 3 tries. Run it again.` | [look](#there) |\n"
    (tmp_path / error_classes.RUN_BOOK).write_text(row, encoding="utf-8")
    page = error_classes.page_of_errors(tmp_path)
    assert "\n### GoneError\n\n- Message: `…: gone after … tries. Run it again.`\n- Cause: It went away.\n" in page
    assert "- What to do: [look](../how-to/when-a-run-fails.md#there)\n- Exit code 75; `gone.py`" in page


def test_the_picture_of_the_states_is_what_its_program_draws() -> None:
    assert draw_states.FILE.read_text(encoding="utf-8") == draw_states.draw()


def test_every_exit_code_is_on_its_page() -> None:
    page = (FOLDER / "exit-codes.md").read_text(encoding="utf-8")
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert codes <= {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}


def test_every_ops_table_and_every_column_of_it_has_a_meaning() -> None:
    schemas = table_columns.ops_schemas(ROOT)
    assert sorted(schemas) == sorted(LEDGERS), "a schema is a constant of the ledger's name"
    known = descriptions.meanings()
    columns = [(table, name) for table, schema in schemas.items() for name in schema.names]
    unknown = [f"{table}.{name}" for table, name in columns if not {name, f"{table}.{name}"} & known.keys()]
    assert unknown == [], "describe it in lakehouse/publish/table_columns.yaml"


def test_every_job_and_command_is_on_the_page_of_commands() -> None:
    page = (FOLDER / "commands.md").read_text(encoding="utf-8")
    wanted = [f" lakehouse {' '.join(path)}\n" for path in commands.command_paths()]
    wanted += [f"\nusage: {name} " for name in commands.job_names(ROOT)]
    assert len(wanted) > 30
    assert [text for text in wanted if text not in page] == []


def test_an_alarm_without_advice_is_an_error(tmp_path: Path) -> None:
    module = tmp_path / "terraform" / "modules" / "watch"
    module.mkdir(parents=True)
    alarm = 'resource "aws_cloudwatch_metric_alarm" "new_one" {\n  alarm_name = "x"\n  alarm_description = "y"\n}\n'
    (module / "main.tf").write_text(alarm, encoding="utf-8")
    (tmp_path / "terraform/main.tf").write_text('module "watch" {\n  grace_hours = 2\n}\n', encoding="utf-8")
    with pytest.raises(KeyError, match="say what to do when the alarm 'new_one' rings"):
        alarms_page(tmp_path)
