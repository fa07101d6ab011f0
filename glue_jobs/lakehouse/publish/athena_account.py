"""What an account answers instead of a result: the region to ask in, and each refusal of AWS as one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse.errors import LakehouseError, TransientError
from lakehouse.runtime.region import DEFAULT_REGION, named_region

_SIGN_IN = "sign in, or set AWS_PROFILE"
_CREDENTIALS = frozenset({
    "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidClientTokenId", "InvalidSignatureException",
    "MissingAuthenticationToken", "SignatureDoesNotMatch", "UnrecognizedClientException",
})  # fmt: skip
_LATER = frozenset({
    "InternalServerException", "ServiceUnavailable", "Throttling", "ThrottlingException", "TooManyRequestsException",
})  # fmt: skip


class AthenaRefusedError(LakehouseError):
    """AWS refused a request to Athena: the credentials, the rights of the role, or the workgroup."""

    def __init__(self, what: str, code: str, cure: str) -> None:
        self.what, self.code = what, code
        super().__init__(f"Athena did not {what}: {code}; {cure}.")


class AthenaThrottledError(TransientError):
    """AWS took or answered no request to Athena just now."""

    def __init__(self, what: str, code: str) -> None:
        self.what, self.code = what, code
        super().__init__(f"Athena did not {what}: {code}. Try it again.")


def region() -> str:
    """The region of AWS_REGION or AWS_DEFAULT_REGION, else that of the profile, else us-east-1."""
    import boto3

    with refusals("find the region"):
        return named_region() or boto3.Session().region_name or DEFAULT_REGION


@contextmanager
def refusals(what: str, workgroup: str = "") -> Iterator[None]:
    """Raise AthenaRefusedError or AthenaThrottledError for what AWS refuses; its text is not shown, but its code."""
    from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code") or "an error")
        if code in _LATER:
            raise AthenaThrottledError(what, code) from None
        raise AthenaRefusedError(what, code, _cure(code, workgroup)) from None
    except (ConnectionError, HTTPClientError) as error:  # no connection, or no answer in time
        raise AthenaThrottledError(what, type(error).__name__) from None
    except BotoCoreError as error:
        code = type(error).__name__
        raise AthenaRefusedError(
            what, code, f"{_SIGN_IN}, and look at the region (AWS_REGION) and the network"
        ) from None


def _cure(code: str, workgroup: str) -> str:
    if code in _CREDENTIALS:
        return _SIGN_IN
    if code.startswith("AccessDenied"):
        return f"the role needs the rights of an analyst in the workgroup {workgroup}; take another role (AWS_PROFILE)"
    return f"look at the workgroup {workgroup} (LAKEHOUSE_ATHENA_WORKGROUP), its region and its place for results"
