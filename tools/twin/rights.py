"""Holds each call against the policy of the role that makes it, as `make test-policy` does, and refuses as AWS does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tools.policy.calls import Request, calls_of, implied
from tools.policy.iam import Call, Statement, is_allowed
from tools.twin.calls import OPERATOR, Asked, AwsError

OF_THE_QUERY = "/OF_THE_QUERY"


@dataclass
class Rights:
    """The policies of the plan's roles. denied: by role, what was refused; workgroup_of: that of a query, by its ID."""

    policies: Mapping[str, Sequence[Statement]]
    key_arn: str
    workgroup_of: Callable[[str], str]
    denied: dict[str, list[str]] = field(default_factory=dict)
    _known: dict[tuple[str, Call], bool] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def require(self, asked: Asked) -> None:
        """Raise AwsError for a call that the caller's role does not allow."""
        assert asked.caller is not None
        role = asked.caller.role
        if role == OPERATOR:
            return
        if role not in self.policies:
            raise AwsError("InvalidClientTokenId", f"The plan has no role {role}.", 403)
        for call in self._calls(asked):
            for needed in (call, *implied(call, self.key_arn)):
                if not self._may(role, needed):
                    self._refuse(role, asked, f"{needed.action} on resource: {needed.resource}")

    def hides(self, asked: Asked) -> bool:
        """Whether S3 answers 403 for a key that is not there: it does so to who may not list it."""
        assert asked.caller is not None
        if asked.service != "s3" or asked.caller.role == OPERATOR:
            return False
        looked = [call.resource.split("/", 1) for call in self._calls(asked) if call.action == "s3:GetObject"]
        listed = [Call.of("s3:ListBucket", bucket, s3_prefix=key) for bucket, key in looked]
        return not all(self._may(asked.caller.role, call) for call in listed)

    def _calls(self, asked: Asked) -> list[Call]:
        request = Request(asked.method, asked.path, asked.query, asked.headers, asked.body)
        try:
            found = calls_of(request)
        except KeyError as error:
            name = f"{asked.service} {asked.action}".strip()
            raise AwsError(
                "AccessDeniedException", f"The twin does not know which right {name} needs: {error}", 403
            ) from None
        return [self._with_workgroup(call, asked) for call in found]

    def _with_workgroup(self, call: Call, asked: Asked) -> Call:
        if not call.resource.endswith(OF_THE_QUERY):
            return call
        workgroup = self.workgroup_of(asked.words.get("QueryExecutionId", ""))
        return Call(call.action, call.resource.replace(OF_THE_QUERY, f"/{workgroup}"), call.context)

    def _may(self, role: str, call: Call) -> bool:
        if (found := self._known.get((role, call))) is None:
            found = self._known[role, call] = is_allowed(self.policies[role], call)
        return found

    def _refuse(self, role: str, asked: Asked, what: str) -> None:
        with self._lock:
            listed = self.denied.setdefault(role, [])
            if what not in listed:
                listed.append(what)
        code = "AccessDenied" if asked.service == "s3" else "AccessDeniedException"
        status = 403 if asked.service == "s3" else 400
        raise AwsError(code, f"User: {role} is not authorized to perform: {what}", status)
