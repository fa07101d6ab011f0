"""Glue as it is on a bad day: runs that end badly with a message, calls that are throttled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socket import SHUT_RDWR
from threading import Event
from typing import Any

import pytest
from flask import request
from moto.core.exceptions import JsonRESTError
from moto.glue.models import FakeJobRun, GlueBackend


@dataclass
class Glue:
    """What Glue was asked to do, and how it will answer."""

    outcomes: list[tuple[str, str]] = field(default_factory=list)
    throttled: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    started: list[FakeJobRun] = field(default_factory=list)
    held: dict[str, tuple[Event, Event]] = field(default_factory=dict)

    def end_runs(self, outcome: tuple[str, str]) -> None:
        """Let every run that is under way end so."""
        for run in self.started:
            if getattr(run, "ending", ("", ""))[0] == "RUNNING":
                run.ending = outcome

    @contextmanager
    def holding(self, call: str) -> Iterator[Event]:
        """Do what a call asks but keep the answer back until the end of the block; the event tells that it was done."""
        done, answer = Event(), Event()
        self.held[call] = (done, answer)
        try:
            yield done
        finally:
            del self.held[call]
            answer.set()


class ThrottledError(JsonRESTError):
    """Glue's answer to too many calls."""

    code = 400

    def __init__(self) -> None:
        super().__init__("ThrottlingException", "Rate exceeded")


def bad_day(patch: pytest.MonkeyPatch) -> Glue:
    """Let the next runs of moto's Glue end as `outcomes` says, one a run, and refuse calls as `throttled` says."""
    glue = Glue()
    shown = FakeJobRun.as_dict
    begin, look = GlueBackend.start_job_run, GlueBackend.get_job_run

    def start(self: GlueBackend, *args: Any, **kwargs: Any) -> str:
        _answer(glue, "start_job_run")
        run_id = str(begin(self, *args, **kwargs))
        if glue.outcomes:
            run = next(r for job in self.jobs.values() for r in job.job_runs if r.job_run_id == run_id)
            run.ending = glue.outcomes.pop(0)
            glue.started.append(run)
        if held := glue.held.get("start_job_run"):
            held[0].set()
            held[1].wait(60)
        return run_id

    def get(self: GlueBackend, *args: Any, **kwargs: Any) -> FakeJobRun:
        _answer(glue, "get_job_run")
        run: FakeJobRun = look(self, *args, **kwargs)
        return run

    def as_dict(self: FakeJobRun) -> dict[str, Any]:
        state, message = getattr(self, "ending", (None, ""))
        facts: dict[str, Any] = shown(self)
        return (
            facts
            if state is None
            else {**facts, "JobRunState": state, **({"ErrorMessage": message} if message else {})}
        )

    patch.setattr(GlueBackend, "start_job_run", start)
    patch.setattr(GlueBackend, "get_job_run", get)
    patch.setattr(FakeJobRun, "as_dict", as_dict)
    return glue


def _answer(glue: Glue, call: str) -> None:
    glue.calls[call] += 1
    if glue.cut[call] > 0:
        glue.cut[call] -= 1
        # Werkzeug, which serves moto, hands the socket over: the other side finds the line dead in mid-call.
        request.environ["werkzeug.socket"].shutdown(SHUT_RDWR)
    if glue.throttled[call] > 0:
        glue.throttled[call] -= 1
        raise ThrottledError
