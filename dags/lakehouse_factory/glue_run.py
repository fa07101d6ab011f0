"""Runs a Glue job once per request, and distinguishes temporary failures from those that need manual action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from botocore.exceptions import ClientError

from lakehouse.errors import EXIT_TERMINAL, EXIT_USAGE
from lakehouse.privacy import without_values
from lakehouse.runtime.glue import exit_code_in, rest_is_done
from lakehouse_factory.lineage import lineage_is_on, with_listener

if TYPE_CHECKING:
    from airflow.sdk import Context

FAILED_PARTS = "failed_parts"
"""The XCom in which a task says what failed of a job whose other parts are done; `parts.AllPartsDone` reports it."""

UNDER_WAY = frozenset({"STARTING", "RUNNING", "STOPPING", "WAITING"})
# Glue's own limit and a stop by a person are not temporary; what the run had done is kept.
ENDED_FOR_GOOD = {
    "TIMEOUT": "it ran into Glue's time limit; give the job more workers or minutes, then clear the task",
    "STOPPED": "somebody stopped it; clear the task to run it again",
}
# What Glue says of a run that did not begin, with a package or a file that it could not get.
NOT_BEGUN = "LAUNCH ERROR"
# What Glue says of a run that our job did not end.
GLUE_SAYS = (
    "Resource unavailable", "Job failed to start", "Max concurrent runs exceeded", "Out of memory",
    "No space left on device", "Throttling", "AccessDenied", "Internal service error",
)  # fmt: skip
# Calls that Glue will refuse again, however often they are made.
REFUSALS = frozenset({"EntityNotFoundException", "AccessDeniedException", "InvalidInputException"})


class GlueRunFailed(AirflowException):
    """A run that failed and may succeed when it is retried."""


class GlueRunFailedForGood(AirflowFailException):
    """A run that failed in a way that a retry does not fix; Airflow skips the retries."""


class GlueRun(GlueJobOperator):
    """GlueJobOperator that retries temporary failures, fails at once for others, and starts one run per request.

    The provider attaches a retry to a run that is under way, and starts a second one where the first has succeeded in
    the meantime. And its error says that the run failed, not why.
    """

    def execute(self, context: Context) -> Any:
        """Start the job, or resume the run that an earlier attempt has started."""
        self._job_run_id = None
        try:
            job = self.hook.conn.get_job(JobName=self.job_name)["Job"]
            found = self._find_job_run_id_by_task_uuid(self._get_task_uuid(context))
            if found and found[1] == "SUCCEEDED":
                self.log.info("An earlier attempt's run %s has succeeded in the meantime", found[0])
                return found[0]
            if found and found[1] in UNDER_WAY:
                self._job_run_id = found[0]
                context["ti"].xcom_push(key="glue_job_run_id", value=found[0])
            self._pass_lineage(job.get("DefaultArguments") or {})
            return super().execute(context)
        except ClientError as error:
            if error.response["Error"]["Code"] in REFUSALS:
                raise GlueRunFailedForGood(f"{self.job_name}: Glue refuses the run: {without_values(error)}") from None
            raise

    def _pass_lineage(self, defaults: Mapping[str, str]) -> None:
        """Pass the job its parent run and where to send lineage events, if Airflow itself sends any."""
        on = lineage_is_on()
        self.openlineage_inject_parent_job_info = self.openlineage_inject_transport_info = on
        if on:
            self.script_args = with_listener(self.script_args, defaults)

    def _find_job_run_id_by_task_uuid(self, task_uuid: str) -> tuple[str, str] | None:
        """The newest run of a request and its state, in whatever order Glue lists them."""
        pages = self.hook.conn.get_paginator("get_job_runs").paginate(JobName=self.job_name)
        runs = [run for page in pages for run in page["JobRuns"]]
        ours = [run for run in runs if (run.get("Arguments") or {}).get(self.TASK_UUID_ARG) == task_uuid]
        newest = max(ours, key=lambda run: run["StartedOn"], default=None)
        return newest and (newest["Id"], newest["JobRunState"])

    def _get_task_uuid(self, context: Context) -> str:
        """One identity for an attempt and its retries; clearing the task is a new request and gets a new one."""
        request = max(context["ti"].max_tries - (self.retries or 0), 0)
        return f"{super()._get_task_uuid(context)}:{request}"

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Return the run's id, or raise with Glue's own reason: for good, or to be retried."""
        if event and event.get("status") == "success":
            return super().execute_complete(context, event)
        run_id = (event or {}).get("run_id") or context["ti"].xcom_pull(key="glue_job_run_id")
        run = self.hook.conn.get_job_run(JobName=self.job_name, RunId=run_id)["JobRun"]
        if run["JobRunState"] == "SUCCEEDED":
            return str(run_id)
        ended = failure(self.job_name, run)
        last = context["ti"].try_number > (context["ti"].max_tries or 0)
        if rest_is_done(run.get("ErrorMessage") or "") and (last or isinstance(ended, GlueRunFailedForGood)):
            self.log.error("Parts of the job failed, the rest is passed on: %s", ended)
            context["ti"].xcom_push(key=FAILED_PARTS, value=str(ended))
            return str(run_id)
        raise ended


def failure(job_name: str, run: Mapping[str, Any]) -> AirflowException:
    """What to raise for a run: terminal by its state or by the exit code in its message, transient otherwise."""
    state, message = run["JobRunState"], (run.get("ErrorMessage") or "").strip()
    if state in UNDER_WAY:
        return GlueRunFailed(
            f"{job_name}: the wait for run {run['Id']} ended while it is {state}; the retry resumes it."
        )
    if state in ENDED_FOR_GOOD:
        return GlueRunFailedForGood(f"{job_name}: {state}: {ENDED_FOR_GOOD[state]}")
    text = f"{job_name}: {_shown(message) or f'the run ended as {state}; its log says why'}"
    terminal = exit_code_in(message) in (EXIT_USAGE, EXIT_TERMINAL)
    return GlueRunFailedForGood(text) if terminal else GlueRunFailed(text)


def _shown(message: str) -> str:
    """A run's error message: whole where our job wrote it or never began, else Glue's own words, for an engine's text
    quotes rows."""
    if exit_code_in(message) is not None or message.startswith(NOT_BEGUN):
        return message
    return ", ".join(words for words in GLUE_SAYS if words.lower() in message.lower())
