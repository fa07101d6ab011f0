"""The command `lakehouse batch`: see which batches wait for a person, and decide."""

from __future__ import annotations

import argparse
from typing import Any

from lakehouse.cli.options import add_signature, place, signature

_LAKE = "./local_output"


def add_commands(commands: Any) -> None:
    """Add `batch` and what can be done with it."""
    words = commands.add_parser(
        "batch",
        help="list stopped batches; accept or reject one",
        description="A batch that broke a rule of the whole batch, or has too many bad rows, is stopped: nothing of it "
        "is merged. A person may accept it all the same, which merges its good rows, or reject it for good.",
        epilog="example: lakehouse batch accept erp_orders:3 --why 'the store was closed, few rows are right'",
        allow_abbrev=False,
    )
    actions = words.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list stopped batches, and those decided on", allow_abbrev=False)
    listing.set_defaults(run=_list)
    texts = {"accept": "merge its good rows all the same", "reject": "keep all of it out of silver for good"}
    for name, text in texts.items():
        action = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False)
        action.add_argument("batch", metavar="DATASET:BATCH", help="such as erp_orders:3")
        add_signature(action)
        action.set_defaults(run=_decide, decision=f"{name}ed")
    for action in actions.choices.values():
        action.add_argument("--lake", default=_LAKE, metavar="PATH", help="a folder or s3://… (default: %(default)s)")


def _list(given: argparse.Namespace) -> int:
    from lakehouse.cli.answers import print_table
    from lakehouse.contracts.project import find_project
    from lakehouse.lake.batches import verdicts_of
    from lakehouse.lake.decisions import decisions_of
    from lakehouse.lake.paths import Lake

    lake, lines = Lake.at(given.lake), []
    for dataset in find_project().contracts.datasets:
        made = {decision.batch_id: decision for decision in decisions_of(lake, dataset)}
        for verdict in verdicts_of(lake, dataset):
            if verdict.verdict != "passed":
                last = made.get(verdict.batch_id)
                state = verdict.verdict if last is None else last.decision
                told = (last.who, last.why) if last else ("", "")
                name = f"{dataset.name}:{verdict.batch_id}"
                lines.append((name, state, verdict.rows_landed, verdict.reason, *told))
    print_table(("batch", "state", "rows", "stopped for", "decided by", "why"), lines)
    return 0


def _decide(given: argparse.Namespace) -> int:
    from lakehouse.lake.decisions import BatchNotStoppedError, decide

    given.dataset, _, number = given.batch.partition(":")
    lake, dataset = place(given)
    if not number.isdecimal():
        raise BatchNotStoppedError(dataset.name, f"'{number}'", "is no number")
    made = decide(lake, dataset, int(number), given.decision, signature(given))
    print(f"{given.batch} is {made.decision} by {made.who}; validate and transform carry it out when they next run")
    return 0
