"""`lakehouse tell`: sends what the status found to the people who can help."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.app import RUN, command, new_app
from lakehouse.cli.options import DEFAULT_LAKE, LakePath, commands_on
from lakehouse.cli.printing import print_line

if TYPE_CHECKING:
    from lakehouse.runtime.channels import Send

app = new_app()


@command(app, "tell", example="lakehouse tell --test", panel=RUN)
def tell(
    test: Annotated[bool, typer.Option("--test", help="Send a test message to every channel instead.")] = False,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Send what `lakehouse status` finds: what needs manual action or another run, and passed budgets.

    To the webhook of LAKEHOUSE_WEBHOOK_URL, Slack at LAKEHOUSE_SLACK_URL, the SNS topic of LAKEHOUSE_SNS_TOPIC and by
    mail to LAKEHOUSE_MAIL_TO. A finding is sent again when the contract's repeatAfter is over (1d), and not in its
    quietHours. `lakehouse run` does the same at its end where a channel is set.
    """
    from lakehouse.message import Message
    from lakehouse.runtime.channels import channels

    sends = channels()
    if test:
        words = "a test of `lakehouse tell`; nothing is wrong"
        message = Message(f"test ({lake})", (words,), {"lake": lake, "findings": []})
        for name, send in sends.items():
            send(message)
            print_line(f"{name}: sent")
        return
    tell_findings(lake, sends)


def tell_findings(lake: str, sends: Mapping[str, Send]) -> None:
    """Send what is to be told of a lake now to every channel, and keep that it was sent."""
    from lakehouse.contracts.mart_deadlines import project_promises
    from lakehouse.contracts.project import find_project
    from lakehouse.cycle.status import status_of
    from lakehouse.cycle.tell import tell as tell_now
    from lakehouse.lake.paths import Lake

    project = find_project()
    opened, contracts = Lake.at(lake), project.contracts
    status = status_of(opened, contracts, commands_on(lake), datetime.now(UTC), project_promises(project))
    told = tell_now(opened, status, contracts, lake, sends)
    for name, subject in told.items():
        print_line(f"{name}: {subject}")
    if not told:
        print_line("nothing to tell")
