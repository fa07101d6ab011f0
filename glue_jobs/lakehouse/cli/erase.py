"""`lakehouse erase`: forgets a person in every place of a lake, and verifies it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.answers import confirmed, require_answer
from lakehouse.cli.app import FIX, command, new_app
from lakehouse.cli.options import DEFAULT_LAKE, Author, LakePath, RawRoot, signature
from lakehouse.cli.printing import print_line
from lakehouse.errors import UsageError

if TYPE_CHECKING:
    from lakehouse.cycle.erase_verification import Verification

app = new_app()


class ReasonNeededError(UsageError):
    """An erasure is recorded with its reason."""

    def __init__(self) -> None:
        super().__init__("An erasure is recorded with its reason: give --reason TEXT, such as the number of a ticket.")


@command(
    app,
    "erase",
    example="lakehouse erase --subject crm/crm_leads:email=ann@example.com --reason 'ticket 4711' --dry-run",
    panel=FIX,
)
def erase(
    subject: Annotated[
        str, typer.Option("--subject", metavar="DOMAIN/DATASET:COLUMN=VALUE", help="By what the person is known.")
    ],
    also: Annotated[
        list[str] | None,
        typer.Option("--also", metavar="DOMAIN/DATASET:COLUMN=VALUE", help="A further value; repeats."),
    ] = None,
    why: Annotated[
        str | None, typer.Option("--reason", "--why", metavar="TEXT", help="The reason, which is recorded.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what each place holds, and change nothing.")] = False,
    certificate: Annotated[
        str | None, typer.Option("--verify", metavar="CERTIFICATE", help="Verify again what a certificate says.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed where nobody can answer.")] = False,
    by: Author = None,
    lake: LakePath = DEFAULT_LAKE,
    raw_root: RawRoot = None,
) -> None:
    """Forget a person, and verify it.

    Every row that has one of the values goes from raw files, bronze, quarantine, silver, marts, pinned versions, pages
    and every earlier version, on S3 of every object too; a row that is delivered again is left out. Then every file of
    the lake is searched, and a certificate without the values is written. A process that was killed is completed by the
    same command.
    """
    from lakehouse.cycle.erase import erase as carry_out
    from lakehouse.cycle.erase import plan_erasure, require_possible, verify
    from lakehouse.cycle.erase_work import work_of
    from lakehouse.runtime.glue import command_context
    from lakehouse.site.certificate import certificate_page

    if why is None and not (dry_run or certificate):
        raise ReasonNeededError
    require_answer(bool(yes or dry_run or certificate))
    work = work_of(command_context(lake, raw_root=raw_root), [subject, *(also or [])], signature(why or "", by))
    if certificate:
        _show(verify(work, certificate))
        return
    if not dry_run:
        require_possible(work)
    for found in plan_erasure(work):
        print_line(f"{found.place}: {found.what or 'nothing'}{f' → {found.does}' if found.what and found.does else ''}")
    for name in work.by_columns:
        print_line(f"{name}: its value is too short to be looked for as bytes; it is verified by columns alone")
    if dry_run:
        print_line("dry run: nothing was changed")
        return
    if not (yes or confirmed("Erase it? It cannot be undone.")):
        print_line("nothing was changed")
        return
    done = carry_out(work, print_line, certificate_page)
    _show(done.verification)
    print_line(f"certificate: {done.certificate}")


def _show(verification: Verification) -> None:
    """How much was searched."""
    files, size = (sum(getattr(one, name) for one in verification.searched.values()) for name in ("files", "bytes"))
    print_line(f"nothing found in {files} files, {size:,} bytes")
