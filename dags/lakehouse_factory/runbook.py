"""The runbook of a DAG, as Airflow shows it next to the graph."""

from __future__ import annotations

from lakehouse.contracts.plan import MAINTAIN, MARTS_POOL, Job

_REPEAT = "Clearing the task is safe at any time: the job finds its own pending work and does only that."
_PARTS = (
    "- `all_parts_done` failed: a file, a dataset or a mart failed as its error says; the rest is done and was "
    "passed on. Once the cause is removed, clear the task of the job, not this one.\n"
)
_WHAT_TO_DO = {
    "ingest": (
        "- The error names file and column: ask the owner of the source for a corrected file, put it next to "
        "the first one and clear the task. Unparseable rows are in `quarantine` and stop nothing.\n"
        "- `crawl_landing` failed: it only describes the raw files in the catalogue; the data is not affected.\n"
        "- `crawl_landing` was skipped: a crawl of today has seen every column that has landed.\n"
        "- The run was skipped: no new file arrived in time. If a delivery was due, ask the owner of the source."
    ),
    "validate": (
        "- The error names the rule that stopped the batch. Nothing of the batch has reached silver. Open the batch's "
        "page in Data Docs; its failing rows are in `bronze.<dataset>` (`_batch_id`), not in `quarantine`.\n"
        "- Then do one of these: (a) deliver a corrected file; (b) fix the suite and deliver the same file under a new "
        "name; (c) `lakehouse batch accept DATASET:BATCH` or `lakehouse batch reject DATASET:BATCH`. Clearing the task "
        "does not validate the batch again."
    ),
    "transform": (
        "- A conflict between two writers is resolved by the retries. A failed dbt test names the model: readers "
        "still see the last published version."
    ),
    "publish": (
        "- Analysts still see the last published version. The log names a refused catalogue call.\n"
        "- A `query_…` task failed: Athena's message names the view and the column. Run the publish job again; it "
        "creates the views again. A skipped one waits for a table that is still empty."
    ),
    MAINTAIN: (
        "- Nothing is lost but speed: the next run does what this one left.\n"
        f"- It waits: one writer of the marts at a time has the slot of the pool `{MARTS_POOL}`."
    ),
}


def runbook(job: Job) -> str:
    """Return the page as Markdown: purpose, source, consumer, and what to do when it fails."""
    start = f"by cron `{job.schedule}` (UTC)" if job.schedule else f"when {_started_by(job)} is updated"
    deadline = f"\n**Deadline** {_due(job)}, from landing to analysts.\n" if job.due else ""
    return f"""### {job.dag_id}

**Purpose** {job.purpose}

**Source** {job.source}; started {start}.

**Consumer** {job.consumer}. Updates {_listed(job.writes) or "no asset"}.

**Owner** {job.owner} ({job.contact}).
{deadline}

#### When it fails

- The last line of the task's log is the job's error: what was found, what was wanted and what to do. The Glue run is
  linked in the task's details. Temporary failures were retried three times. Other failures were not retried.
{_PARTS if job.has_parts else ""}{_WHAT_TO_DO[job.step]}
- {_REPEAT}
"""


def _due(job: Job) -> str:
    """The one time at which a job is due, or which of its marts are due at which."""
    if len(job.due) == 1:
        return f"{job.due[0].time} UTC"
    return "; ".join(f"{due.time} UTC for {due.subject}" for due in job.due)


def _started_by(job: Job) -> str:
    return _listed(job.reads, " or " if job.any_of_reads else " and ")


def _listed(assets: tuple[str, ...], word: str = " and ") -> str:
    return word.join(f"`{asset}`" for asset in assets)
