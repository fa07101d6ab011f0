"""After the last job of a run in an account: the site is built anew, and people are notified of what needs them."""

from __future__ import annotations

from datetime import UTC, datetime

from lakehouse import log
from lakehouse.contracts.findings import Commands
from lakehouse.contracts.mart_deadlines import project_promises
from lakehouse.cycle.status import status_in
from lakehouse.cycle.status_tables import Opened
from lakehouse.cycle.tell import tell
from lakehouse.message import NotSentError
from lakehouse.runtime.channels import to_topic
from lakehouse.runtime.context import Context
from lakehouse.site.build import build_site


def show_and_tell(context: Context, topic: str | None) -> None:
    """Build the site; with the ARN of an SNS topic, publish to it what nobody was told yet.

    That the topic does not take it is logged. Files that wait for ingest are looked for on a disk alone: in an account
    the role of this job sees no raw file.
    """
    lake, contracts, now = context.lake, context.contracts, datetime.now(UTC)
    commands, has_raw = Commands(lake.root), lake.is_local
    log.info("site built", page=build_site(lake, context.project, commands, now, has_raw))
    if topic:
        promises = project_promises(context.project)
        status = status_in(Opened(lake, contracts.datasets), contracts, commands, now, promises, has_raw)
        try:
            sent = tell(lake, status, contracts, lake.root, to_topic(topic))
        except NotSentError as error:  # what was not sent is sent by the next run
            log.warning("nobody was notified", reason=str(error))
        else:
            log.info("notified", subject=next(iter(sent.values()), "nothing is new"))
