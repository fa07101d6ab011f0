"""The AWS that the twin shows: moto, with job runs, crawls and queries in front of it that really happen.

Who calls is in the access key; each call is held against the policy of that role. Slack is played here too.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from moto.moto_api import state_manager
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from tools.airflow.strict_aws import be_strict
from tools.twin.account import Clients, furnish
from tools.twin.athena import EngineProcess, Queries
from tools.twin.calls import Asked, AwsError, Caller, answer, read, refuse
from tools.twin.crawl import crawl
from tools.twin.faults import Faults
from tools.twin.glue import JobRuns, Run
from tools.twin.job_process import Launcher, Machine
from tools.twin.plan import Plan
from tools.twin.rights import Rights

OWN = "/twin/"
SLACK = f"{OWN}slack"
LOG_BYTES = 200_000
CRAWL_SECONDS = 15
"""So long a crawl is under way at least, for the reason for which a query's first look finds it so (`athena.py`)."""


class _Quiet(WSGIRequestHandler):
    """Answers without a line for each request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: Any) -> None:
        """Say nothing."""


@dataclass
class Server:
    """A twin of one plan. messages: what Slack was sent; crawls: by crawler, how often; mwaa: the files MWAA took."""

    plan: Plan
    machine: Machine
    port: int = 0
    messages: list[str] = field(default_factory=list)
    crawls: dict[str, int] = field(default_factory=dict)
    mwaa: dict[str, Any] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)

    def start(self) -> None:
        """Serve on loopback, and make what the plan names."""
        be_strict()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        state_manager.set_transition("glue::crawl", {"progression": "time", "seconds": CRAWL_SECONDS})
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", self.port, self, threaded=True, request_handler=_Quiet)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self.clients = Clients(self.address, self.plan.region)
        launcher = Launcher(self.address, self.plan.region, self.machine, lambda who: self.clients.of("s3", who))
        self.runs = JobRuns(self.plan.jobs, launcher, self.faults, ended=self._keep_log)
        self.engine = EngineProcess()
        workgroups = {found["name"]: found["configuration"][0] for found in self.plan.of_type("aws_athena_workgroup")}
        self.queries = Queries(
            workgroups, self.engine, self.address, self.plan.region, lambda who: self.clients.of("s3", who), self.faults
        )
        self.rights = Rights(self.plan.policies, self.plan.outputs["kms_key_arn"], self.queries.workgroup_of)
        self._handlers = self._known()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        furnish(self.clients, self.plan, self._slack())

    def stop(self) -> None:
        """End jobs, engine and server."""
        self.runs.end_all()
        self.engine.end()
        self._server.shutdown()

    def state(self) -> dict[str, Any]:
        """What has happened, for those who look."""
        return {
            "runs": [run.shown() for run in self.runs.all()],
            "queries": [query.shown() for query in self.queries.queries.values()],
            "crawls": dict(self.crawls), "slack": list(self.messages), "denied": dict(self.rights.denied),
            "faults": dict(self.faults.left), "now": time.time(),
        }  # fmt: skip

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("PATH_INFO", "").startswith(OWN):
            return self._own(read(environ), start_response)
        asked = read(environ)
        try:
            if asked.caller is None:
                raise AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
            self.faults.before(asked)
            self.rights.require(asked)
            if handler := self._handlers.get((asked.service, asked.action)):
                return answer(start_response, handler(asked))
            if asked.service == "airflow":
                return answer(start_response, self._airflow(asked))
            return self._passed(asked, environ, start_response)
        except AwsError as error:
            return refuse(asked, start_response, error)

    def _known(self) -> Mapping[tuple[str, str], Callable[[Asked], dict[str, Any]]]:
        runs, queries = self.runs, self.queries
        return {
            ("glue", "StartJobRun"): runs.start_job_run,
            ("glue", "GetJobRun"): runs.get_job_run,
            ("glue", "GetJobRuns"): runs.get_job_runs,
            ("glue", "BatchStopJobRun"): runs.batch_stop_job_run,
            ("athena", "StartQueryExecution"): queries.start_query_execution,
            ("athena", "GetQueryExecution"): queries.get_query_execution,
            ("athena", "ListQueryExecutions"): queries.list_query_executions,
            ("athena", "StopQueryExecution"): queries.stop_query_execution,
            ("athena", "GetQueryResults"): queries.get_query_results,
        }

    def _passed(self, asked: Asked, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Let moto answer."""
        heard: list[Any] = []
        answered: Iterable[bytes] = self._moto(environ, lambda *words: heard.append(words))
        status, headers = heard[0][0], dict(heard[0][1])
        assert asked.caller is not None
        if status.startswith("404") and self.rights.hides(asked):
            raise AwsError("AccessDenied", "Access Denied", 403)
        if asked.method == "GET" and asked.path.endswith(".parquet") and asked.caller.about:
            self.queries.count(asked.caller, int(headers.get("Content-Length", 0)))
        if asked.service == "glue" and asked.action == "StartCrawler" and status.startswith("200"):
            self._crawl(asked.words["Name"])
        start_response(*heard[0])
        return answered

    def _crawl(self, name: str) -> None:
        from moto.glue.models import glue_backends

        (crawler,) = (found for found in self.plan.of_type("aws_glue_crawler") if found["name"] == name)
        role = Caller(name)
        self.crawls[name] = self.crawls.get(name, 0) + 1
        try:
            crawl(crawler, self.clients.of("s3", role), self.clients.of("glue", role))
        except ClientError:
            backends = glue_backends["123456789012"]
            backends[self.plan.region].crawlers[name].crawls[-1].status = "FAILED"

    def _airflow(self, asked: Asked) -> dict[str, Any]:
        """MWAA's interface of the one environment, which takes files at once."""
        if asked.method == "PATCH":
            self.mwaa |= {word: value for word, value in asked.words.items() if "S3" in word}
            return {}
        return {"Environment": {"Name": self.plan.name, "Status": "AVAILABLE", **self.mwaa}}

    def _own(self, asked: Asked, start_response: Any) -> Iterable[bytes]:
        """What is no AWS: Slack, faults, and what has happened."""
        if asked.path.startswith(SLACK):
            if self.faults.strikes("slack-down"):
                start_response("500 Internal Server Error", [("Content-Length", "0")])
                return [b""]
            self.messages.append(str(asked.words.get("text", "")))
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
            return [b"ok"]
        if asked.path == f"{OWN}break":
            words = asked.words
            if words.get("fault"):
                self.faults.begin(words["fault"], words.get("times"))
            else:
                self.faults.end()
        return answer(start_response, self.state())

    def _slack(self) -> dict[str, str]:
        connection = {"conn_type": "slackwebhook", "host": self.address + SLACK, "password": "T0/B0/twin"}
        return {"connections/slack_webhook": json.dumps(connection)}

    def _keep_log(self, run: Run, folder: Path) -> None:
        """Put the driver's log where CloudWatch's client reads it."""
        file = folder / "log.txt"
        text = file.read_text(encoding="utf-8", errors="replace")[-LOG_BYTES:] if file.is_file() else ""
        role = run.job["role_arn"].rsplit("/", 1)[-1]
        # With a security configuration the name of the group says so: its logs are encrypted with that one's key.
        group = f"{run.arguments['--custom-logGroup-prefix']}/{run.job['security_configuration']}-role/{role}/error"
        logs, now = self.clients.of("logs"), int(time.time() * 1000)
        events = [{"timestamp": now, "message": line} for line in (*text.splitlines(), run.error) if line]
        logs.create_log_stream(logGroupName=group, logStreamName=run.id)
        if events:
            logs.put_log_events(logGroupName=group, logStreamName=run.id, logEvents=events)
