"""The run book of a DAG, as Airflow shows it beside the graph."""

from __future__ import annotations

from lakehouse.contracts.plan import Job

_REPEAT = "Clearing the task is safe at any time: the job finds what is pending and does only that."
_CURES = {
    "ingest": (
        "- The error names file and column: ask the owner of the source for a corrected file, put it beside "
        "the first one and clear the task. Unreadable rows are in `quarantine` and stop nothing.\n"
        "- `crawl_landing` failed: it only describes the landing for who looks into it; the data went on.\n"
        "- The run was skipped: nothing new came in time. If a delivery was due, ask the owner of the source."
    ),
    "validate": (
        "- The error names the rule that stopped the batch: look at the rows in `quarantine` and at Data "
        "Docs. Nothing of the batch has reached silver; a corrected delivery or suite lets it pass."
    ),
    "transform": (
        "- A conflict between two writers ends by itself in the retries. A failed dbt test names the model: "
        "readers still see the last good version."
    ),
    "publish": (
        "- Analysts see the last good version meanwhile. The log names a refused catalogue call.\n"
        "- A `query_…` task failed: Athena's message names the view and the column. Run the publish job again; it "
        "makes the views anew. A skipped one waits for a table that holds nothing yet."
    ),
    "maintain": (
        "- Nothing is lost but speed: the next run does what this one left.\n"
        "- It waits: one writer of the marts at a time has the slot of the pool `marts_writers`."
    ),
}


def run_book(job: Job) -> str:
    """Return the page as Markdown: purpose, source, consumer, and what to do when it fails."""
    start = f"by cron `{job.schedule}` (UTC)" if job.schedule else f"when {_started_by(job)} is updated"
    deadline = f"\n**Deadline** {job.deadline} UTC, from landing to analysts.\n" if job.deadline else ""
    return f"""### {job.dag_id}

**Purpose** {job.purpose}

**Source** {job.source}; started {start}.

**Consumer** {job.consumer}. Updates {_listed(job.writes) or "no asset"}.

**Owner** {job.owner} ({job.contact}).
{deadline}

#### When it fails

- The task's last line is the job's own: what was found, what was wanted and what to do. The Glue run is linked in
  the task's details. What may pass was tried four times; the rest was not tried again.
{_CURES[job.step]}
- {_REPEAT}
"""


def _started_by(job: Job) -> str:
    return _listed(job.reads, " or " if job.any_of_reads else " and ")


def _listed(assets: tuple[str, ...], word: str = " and ") -> str:
    return word.join(f"`{asset}`" for asset in assets)
