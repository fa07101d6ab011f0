"""What the machine refuses: a full disk, missing rights, a JVM that was killed, as one line with its cure.

Told apart by error numbers and by the fixed words of the operating system and the JVM; no text of a foreign error is
shown, for it could quote a delivered value.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass

from lakehouse.errors import EXIT_TERMINAL, EXIT_TRANSIENT, LakehouseError
from lakehouse.lake.conflicts import conflict_of


@dataclass(frozen=True)
class _Refusal:
    numbers: frozenset[int]
    types: frozenset[str]
    words: tuple[str, ...]
    text: str
    exit_code: int


_REFUSALS = (
    _Refusal(
        frozenset(),
        frozenset({"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError"}),
        (
            "no credentials found in chain",
            "Unable to load credentials from any of the providers",
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "ExpiredToken",
        ),
        "AWS found no credentials, or refuses them; sign in, or set AWS_PROFILE",
        EXIT_TERMINAL,
    ),
    _Refusal(
        frozenset(),
        frozenset({"ProfileNotFound"}),
        (),
        "AWS_PROFILE names a profile that is not there; see `aws configure list-profiles`",
        EXIT_TERMINAL,
    ),
    _Refusal(
        frozenset(),
        frozenset({"NoRegionError"}),
        (),
        "AWS's tools found no region; set AWS_DEFAULT_REGION, or one in the profile",
        EXIT_TERMINAL,
    ),
    _Refusal(
        frozenset(),
        frozenset(),
        ("NoSuchBucket", "The specified bucket does not exist"),
        "there is no such bucket; correct the path of the lake, or the account (AWS_PROFILE)",
        EXIT_TERMINAL,
    ),
    _Refusal(
        frozenset(),
        frozenset({"EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError"}),
        ("client error (Connect)", "dns error: failed to lookup address"),
        "a service does not answer; see network, region and AWS_ENDPOINT_URL",
        EXIT_TRANSIENT,
    ),
    _Refusal(
        frozenset({errno.ENOSPC, errno.EDQUOT}),
        frozenset(),
        ("No space left on device", "Disk quota exceeded", "(os error 28)", "(os error 122)"),
        "the disk is full; free some space",
        EXIT_TRANSIENT,
    ),
    _Refusal(
        frozenset({errno.EACCES, errno.EPERM, errno.EROFS}),
        frozenset(),
        ("Permission denied", "AccessDeniedException", "AccessDenied", "(os error 13)", "Read-only file system"),
        "no permission to read or write a file; grant it",
        EXIT_TERMINAL,
    ),
    _Refusal(
        frozenset({errno.ENAMETOOLONG}),
        frozenset(),
        ("File name too long", "(os error 36)"),
        "the name of a file or of a partition is too long for the file system; shorten it",
        EXIT_TERMINAL,
    ),
    _Refusal(
        frozenset({errno.EMFILE, errno.ENFILE}),
        frozenset(),
        ("Too many open files", "(os error 24)"),
        "too many files are open; raise the limit (ulimit -n)",
        EXIT_TRANSIENT,
    ),
    _Refusal(
        frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL}),
        frozenset(),
        ("java.net.BindException", "Address already in use"),
        "a network port is taken; free it",
        EXIT_TRANSIENT,
    ),
    _Refusal(
        frozenset({errno.ENOMEM}),
        frozenset({"MemoryError"}),
        ("java.lang.OutOfMemoryError", "Cannot allocate memory"),
        "the memory does not suffice; give it more (LAKEHOUSE_DRIVER_MEMORY=4g)",
        EXIT_TRANSIENT,
    ),
    _Refusal(
        frozenset(),
        frozenset(),
        (
            "ClassNotFoundException: io.delta.",
            "ClassNotFoundException: org.apache.spark.sql.delta.",
            "ClassNotFoundException: lakehouse.",
            # What Java makes of a plan with a class that an executor does not have.
            "java.lang.ClassCastException: cannot assign instance of ",
        ),
        "an executor has no jar with Delta or the log store; give it to the session (spark.jars or --packages)",
        EXIT_TERMINAL,
    ),
    _Refusal(
        frozenset(),
        frozenset({"Py4JNetworkError", "ConnectionRefusedError", "ConnectionResetError"}),
        ("JAVA_GATEWAY_EXITED", "Answer from Java side is empty", "Error while sending or receiving"),
        "the JVM of Spark ended or did not start; see that the machine has memory for it",
        EXIT_TRANSIENT,
    ),
)


class RefusedByMachineError(LakehouseError):
    """The machine refused something; says what and whether running again can help."""

    def __init__(self, what: str, exit_code: int, place: str = "") -> None:
        self.what, self.exit_code, self.place = what, exit_code, place
        where = f"{place}: " if place else ""
        super().__init__(f"{where}{what}, then run again; what was done before is kept.")


class OvertakenError(LakehouseError):
    """Another writer committed first where no further attempt was made."""

    exit_code = EXIT_TRANSIENT

    def __init__(self, conflict: str) -> None:
        self.conflict = conflict
        super().__init__(f"Another writer committed to the same table first ({conflict}); run again.")


def foreseen(error: BaseException) -> LakehouseError | None:
    """The one line for an error that the machine or another writer caused; None for any other error."""
    causes = list(_causes(error))
    for refusal in _REFUSALS:
        for cause in causes:
            if _is(refusal, cause):
                return RefusedByMachineError(refusal.text, refusal.exit_code, _place(cause))
    conflict = conflict_of(error)
    return OvertakenError(conflict) if conflict else None


def _is(refusal: _Refusal, error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in refusal.numbers or type(error).__name__ in refusal.types
    # The text of a Java error has the whole stack with its causes.
    text = str(error)
    return type(error).__name__ in refusal.types or any(word in text for word in refusal.words)


def _place(error: BaseException) -> str:
    """The file that the operating system names."""
    return str(error.filename) if isinstance(error, OSError) and isinstance(error.filename, str) else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
