"""`lakehouse new`: looks at delivered files and writes the contract, suite and sample of a new dataset."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.app import CHECK, command, new_app
from lakehouse.cli.new_wishes import (
    Kind,
    listed,
    require_names,
    require_one_file,
    wished_columns,
    wished_key,
    wished_zone,
)
from lakehouse.cli.options import domain_names
from lakehouse.cli.printing import print_line

if TYPE_CHECKING:
    from lakehouse.contracts.contract import Contracts
    from lakehouse.contracts.new_dataset import Proposal, Wishes
    from lakehouse.contracts.project import Project
    from lakehouse.ingest.look import Looked

app = new_app()


Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="One or more delivered files of one dataset.")]
Domain = Annotated[
    str | None,
    typer.Option("--domain", metavar="NAME", help="A known domain, or a new one.", autocompletion=domain_names),
]
Name = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="The dataset's name (default: from the files' names).")
]
Key = Annotated[
    str | None, typer.Option("--key", metavar="COLUMNS", help="The key's columns, with commas between, or none.")
]
SequenceBy = Annotated[
    str | None,
    typer.Option("--sequence", metavar="COLUMN", help="The column that orders versions of a key, or arrival."),
]
OfKind = Annotated[
    Kind | None,
    typer.Option(
        "--kind", metavar="KIND", help="Upsert, append or snapshot: changes, rows without a key, or all rows."
    ),
]
DateColumn = Annotated[str | None, typer.Option("--date", metavar="COLUMN", help="The column whose UTC date is dt.")]
Zone = Annotated[
    str | None,
    typer.Option("--zone", metavar="NAME", help="Whose clock times without an offset are by: Europe/Berlin."),
]
Columns = Annotated[
    str | None,
    typer.Option("--columns", metavar="NAMES", help="The columns of CSV without a header, with commas between."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Take what is assumed; needed where nobody can answer.")]


@command(app, "new", example="lakehouse new deliveries/returns_2026-10-18.csv --domain stores --yes", panel=CHECK)
def new(
    files: Files,
    domain: Domain = None,
    name: Name = None,
    key: Key = None,
    sequence: SequenceBy = None,
    kind: OfKind = None,
    date: DateColumn = None,
    zone: Zone = None,
    columns: Columns = None,
    yes: Yes = False,
) -> None:
    """Write the contract, suite and sample of a new dataset from delivered files.

    Every row is read: types hold every value exactly, the key is never empty and tells the rows apart, personal data is
    classified, and made up in the sample. What was assumed is printed, a line each. A known domain's contract gets one
    more dataset, a new domain a file. Nothing is overwritten, and all files are written or none.

    On a terminal it asks where it is unsure; an option answers beforehand.
    """
    from lakehouse.contracts.new_dataset import Wishes
    from lakehouse.contracts.project import find_project
    from lakehouse.ingest.look import look

    project = find_project()
    require_names(name, domain)
    known = _known(project, asks=not yes)
    wishes = Wishes(name, domain, wished_key(key, kind), sequence, date, kind == Kind.SNAPSHOT)
    require_one_file(files, kind)
    looked = look(files, wished_zone(zone), wished_columns(columns))
    proposal = _answered(looked, wishes, known.domains, yes)
    _require_own_names(known, proposal)
    for line in proposal.lines:
        print_line(line)
    for file in _write(project, proposal, looked):
        print_line(f"wrote {file}")
    print_line("read them, then: lakehouse check, and make local-run LANDING_DIR=FOLDER of the files")


def _known(project: Project, asks: bool) -> Contracts:
    """The contracts that there are; none before a project's first, which this command may write.

    asks: whether somebody will answer questions, which must not be for nothing.
    """
    from lakehouse.cli.new_write import has_contract, require_right
    from lakehouse.contracts.contract import Contracts

    known = project.contracts if has_contract(project) else Contracts(())
    if known.domains and asks:
        require_right(project)
    return known


def _answered(looked: Looked, wishes: Wishes, domains: tuple[str, ...], yes: bool) -> Proposal:
    """The proposal, after a person has answered what is unsure; raises UsageError where nobody can be asked.

    With yes it raises the refusal of a guess that only a person may take.
    """
    import sys

    from lakehouse.contracts.new_dataset import open_questions, propose
    from lakehouse.errors import UsageError

    proposal = propose(looked.profile, wishes, domains)
    for guess in proposal.guesses.values():
        if yes and guess.refusal:
            raise guess.refusal
    if proposal.questions and not yes and not sys.stdin.isatty():
        raise UsageError(f"Nobody can be asked here: answer by options, or give --yes: {open_questions(proposal)}")
    while proposal.questions and not yes:
        wishes = _asked(proposal, proposal.questions[0], wishes)
        proposal = propose(looked.profile, wishes, domains)
    return proposal


def _asked(proposal: Proposal, question: str, wishes: Wishes) -> Wishes:
    """The wishes with the answer to one question; Enter takes what is assumed."""
    guess = proposal.guesses[question]
    columns = "" if question == "domain" else f"columns: {', '.join(proposal.whole)}\n"
    answer = _answer(f"{columns}{question}: {guess.text} ({guess.why}). Enter to take it, or another: ")
    values = listed(answer or guess.text)
    if question == "key":
        return replace(wishes, key=values)
    if question == "domain":
        return replace(wishes, domain=values[0])
    is_sequence = question == "sequenceBy"
    return replace(wishes, sequence_by=values[0]) if is_sequence else replace(wishes, date_column=values[0])


def _answer(text: str) -> str:
    from lakehouse.errors import UsageError

    try:
        return input(text).strip()
    except EOFError:
        raise UsageError("The question was not answered; nothing was written.") from None


def _require_own_names(known: Contracts, proposal: Proposal) -> None:
    """Raise UsageError for a domain that can name no file, and for files of a known dataset.

    Those have a file whose pattern is more exact than the new one.
    """
    from lakehouse.errors import UsageError

    require_names(proposal.domain)
    for dataset in known.datasets:
        for file in proposal.profile.names:
            if dataset.matches(file) and len(dataset.file_pattern) >= len(proposal.file_pattern):
                raise UsageError(
                    f"{file}: belongs to {dataset.name} by its filePattern {dataset.file_pattern}; give the files of "
                    "the new dataset another name."
                )


def _write(project: Project, proposal: Proposal, looked: Looked) -> list[Path]:
    """Write the dataset's files; returns their paths in the project."""
    from lakehouse.cli.new_write import write_all
    from lakehouse.contracts.new_files import suite_text
    from lakehouse.contracts.new_sample import SAMPLE_ROWS, sample_paths, sample_text
    from lakehouse.ingest.sample_file import as_delivered

    contract, text, replaced = _contract(project, proposal)
    rows = looked.first_rows(sample_paths(proposal), SAMPLE_ROWS)
    texts: dict[Path, str | bytes] = {
        contract: text,
        Path("great_expectations/expectations") / f"{proposal.name}.json": suite_text(proposal),
        Path("samples") / proposal.sample_name: as_delivered(sample_text(proposal, rows), looked.form),
    }
    write_all(project, texts, replaced)
    return list(texts)


def _contract(project: Project, proposal: Proposal) -> tuple[Path, str, Path | None]:
    """The contract's file in the project with its text, and the same file again where it is there already."""
    from lakehouse.contracts.new_files import new_contract, with_entry
    from lakehouse.contracts.yaml_places import read_yaml
    from lakehouse.errors import UsageError

    for file in sorted((project.root / "contracts").glob("*.y*ml")):
        if read_yaml(file).text("domain") == proposal.domain:
            text, known = with_entry(file, proposal), file.relative_to(project.root)
            if text is None:
                raise UsageError(f"{known}: its schema is no list with dashes; write it so, then run again.")
            return known, text, known
    return Path("contracts") / f"{proposal.domain}.yaml", new_contract(proposal), None
