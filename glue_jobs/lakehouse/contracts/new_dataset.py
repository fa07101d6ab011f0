"""A dataset that has no contract yet, as its files suggest it, with a line for everything that was assumed.

Start here: `propose` goes from what was found in the files to what the contract will say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakehouse.contracts.columns import DELETED_COLUMN, Column
from lakehouse.contracts.dataset import ARRIVAL
from lakehouse.contracts.guess_key import guess_key, said_key
from lakehouse.contracts.guess_names import common_name, pattern_of, plain
from lakehouse.contracts.guess_times import guess_date, guess_delete_flag, guess_sequence, why_not_a_time
from lakehouse.contracts.guesses import NO_KEY, OPTIONS, Candidate, Guess
from lakehouse.contracts.new_columns import columns_of
from lakehouse.contracts.odd_keys import said_blanks_around
from lakehouse.contracts.profile import ColumnFacts, Path, Profile
from lakehouse.errors import UnknownNameError
from lakehouse.say import format_bytes, format_count

_NEW_DOMAIN = "a new one, whose owner, contact, schedule and deadline are to be filled in"
_NO_DATE = "dateColumn: none (no column has a date in every row, so the table has no dt; name one by --date)"
_DAY_PARTITION, _MONTH_PARTITION = 64 << 20, 1 << 20


@dataclass(frozen=True)
class Wishes:
    """What a person has said already; None is guessed."""

    name: str | None = None
    domain: str | None = None
    key: tuple[str, ...] | None = None
    sequence_by: str | None = None
    date_column: str | None = None
    is_snapshot: bool = False


@dataclass(frozen=True)
class Proposal:
    """A dataset as its contract will describe it.

    sample_name: of a file that its pattern matches. paths: where each column's values are in the files. whole: columns
    without an empty value. guesses: what may be asked, by its word in the contract. notes: everything else assumed.
    """

    name: str
    profile: Profile
    file_pattern: str
    sample_name: str
    columns: tuple[Column, ...]
    paths: dict[Path, Column]
    whole: tuple[str, ...]
    guesses: dict[str, Guess]
    delete_flag: str | None
    partition_by: tuple[str, ...]
    cluster_by: tuple[str, ...]
    notes: tuple[str, ...]
    is_snapshot: bool = False

    @property
    def domain(self) -> str:
        """The domain that it belongs to."""
        return self.guesses["domain"].values[0]

    @property
    def key(self) -> tuple[str, ...]:
        """The key's columns; none where each delivered row is kept."""
        return () if self.appends else self.guesses["key"].values

    @property
    def appends(self) -> bool:
        """Whether no row is a version of another, so that nothing orders them."""
        return "sequenceBy" not in self.guesses

    @property
    def date_column(self) -> str | None:
        """The column that dt is the date of; None where silver has no dt."""
        return self.guesses["dateColumn"].text if "dateColumn" in self.guesses else None

    @property
    def sequence_by(self) -> tuple[str, ...]:
        """What the contract says of the order of versions; snapshots of one time are ordered by arrival."""
        text = self.guesses["sequenceBy"].text
        return (text, ARRIVAL) if self.is_snapshot and text != ARRIVAL else (text,)

    @property
    def roles(self) -> frozenset[str]:
        """The columns that are never null, for the lakehouse needs them."""
        times = (guess.values[0] for name, guess in self.guesses.items() if name in ("sequenceBy", "dateColumn"))
        return frozenset(filter(None, (*self.key, *times, self.delete_flag)))

    @property
    def questions(self) -> tuple[str, ...]:
        """The guesses that a person should confirm."""
        return tuple(name for name, guess in self.guesses.items() if not guess.is_sure)

    @property
    def lines(self) -> Iterator[str]:
        """Everything that was assumed, a line each."""
        for name, guess in self.guesses.items():
            yield f"{name}: {guess.text} ({guess.why})"
        yield from self.notes


def propose(profile: Profile, wishes: Wishes, domains: Sequence[str]) -> Proposal:
    """The dataset that files suggest; raises NotFoundError, NoCommonNameError or UnknownNameError.

    domains: those that have a contract.
    """
    begin, ending = common_name(profile.names)
    name = wishes.name or plain(begin)
    found = columns_of(profile, (), name, (DELETED_COLUMN.name,) if wishes.is_snapshot else ())
    facts = {column.path: column for column in profile.columns}
    flat = [
        Candidate(column.name, column.type, column.pii, facts[path])
        for path, column in found.paths.items()
        if len(path) == 1 and not column.is_nested
    ]
    guesses = _versions(wishes, flat, profile, name)
    may_flag = "sequenceBy" in guesses and not wishes.is_snapshot
    flag, said_flag = guess_delete_flag(flat, profile.rows) if may_flag else (None, "")
    key, date = guesses["key"], guesses.get("dateColumn")
    partition_by, volume = _partitions(profile, facts, date.values[0] if date else None, flat)
    return Proposal(
        name, profile, pattern_of(begin, ending), begin + ending, found.columns, found.paths,
        tuple(column.name for column in flat if column.facts.filled == profile.rows),
        {"domain": _domain(wishes.domain, name, domains), **guesses},
        flag, partition_by, _clusters(partition_by, key.values, flat, date is not None),
        (
            *(() if date else (_NO_DATE,)),
            *([f"deleteFlag: {flag or ''}{' (' if flag else ''}{said_flag}{')' if flag else ''}"] if said_flag else []),
            f"partitionBy: {', '.join(partition_by) or 'none'} ({volume})",
            *_blanks_around(flat, key.values),
            *found.notes,
            *profile.notes,
        ),
        wishes.is_snapshot,
    )  # fmt: skip


def _blanks_around(columns: Sequence[Candidate], key: Sequence[str]) -> Iterator[str]:
    """A line for each part of the key in which blanks make another key of the same word."""
    for column in columns:
        if column.name in key and (padded := column.facts.padded):
            yield f"{column.name}: {said_blanks_around(padded)}"


def _versions(wishes: Wishes, flat: Sequence[Candidate], profile: Profile, name: str) -> dict[str, Guess]:
    """What tells rows apart, what orders the versions of one, and when each happened."""
    wished_date = _wished_time("--date", wishes.date_column, flat, profile)
    if wishes.key == (NO_KEY,) and not any(column.name == NO_KEY for column in flat):
        key = Guess((NO_KEY,), "as you said; each delivered row is kept, once", True)
        return {"key": key, **_dated(wished_date or guess_date(flat, profile.rows, ""))}
    wished = ARRIVAL if wishes.is_snapshot and wishes.sequence_by is None else wishes.sequence_by
    sequence = _wished_sequence(wished, flat, profile) or guess_sequence(flat, profile.rows)
    by_sequence = next((column for column in flat if column.name == sequence.values[0]), None)
    date = wished_date or guess_date(flat, profile.rows, sequence.values[0])
    key = _wished_key(wishes.key, flat, profile, by_sequence) or guess_key(
        profile, flat, name, by_sequence, wished is not None or sequence.is_of_changes, wishes.is_snapshot
    )
    return {"key": key, "sequenceBy": sequence, **_dated(date)}


def _dated(date: Guess | None) -> dict[str, Guess]:
    return {"dateColumn": date} if date else {}


def _wished_sequence(name: str | None, columns: Sequence[Candidate], profile: Profile) -> Guess | None:
    if name == ARRIVAL and not any(column.name == name for column in columns):
        return Guess((name,), "as you said; the row that comes last wins, so the order of deliveries matters", True)
    return _wished_time("--sequence", name, columns, profile)


def _wished_time(option: str, name: str | None, columns: Sequence[Candidate], profile: Profile) -> Guess | None:
    if name is None:
        return None
    why = why_not_a_time(_named(option, name, columns), profile.rows)
    return Guess((name,), f"as you said; it {why}" if why else "as you said", True)


def _wished_key(
    key: tuple[str, ...] | None, columns: Sequence[Candidate], profile: Profile, sequence: Candidate | None
) -> Guess | None:
    if key is None:
        return None
    named = [_named("--key", name, columns) for name in key]
    return Guess(tuple(key), said_key(profile, columns, named, sequence), True)


def _named(option: str, name: str, columns: Sequence[Candidate]) -> Candidate:
    for column in columns:
        if column.name == name:
            return column
    raise UnknownNameError(f"column for {option}", name, [column.name for column in columns])


def _domain(wished: str | None, name: str, domains: Sequence[str]) -> Guess:
    if wished is not None:
        is_known = wished in domains
        return Guess((wished,), "its contract gets one more dataset" if is_known else _NEW_DOMAIN, True)
    first = name.split("_")[0]
    what = "a known domain" if first in domains else _NEW_DOMAIN
    return Guess((first,), f"the first word of its name, {what}", False)


def _partitions(
    profile: Profile, facts: dict[Path, ColumnFacts], date: str | None, columns: Sequence[Candidate]
) -> tuple[tuple[str, ...], str]:
    """By day or month where that makes files worth opening; and the volume that says so."""
    if date is None:
        return (), format_bytes(profile.size)
    (by_date,) = (column for column in columns if column.name == date)
    days = max(by_date.facts.days, 1)
    per_day = profile.size / days
    volume = f"{format_bytes(profile.size)} on {format_count(days, 'day')}"
    if per_day >= _DAY_PARTITION:
        return ("dt",), volume
    return (("month",) if per_day * 30 >= _MONTH_PARTITION else ()), volume


def _clusters(
    partition_by: Sequence[str], key: Sequence[str], columns: Sequence[Candidate], has_date: bool
) -> tuple[str, ...]:
    """The date where files hold several, then the first part of the key that is no personal data."""
    visible = [column.name for column in columns if not column.is_personal and column.type != "boolean"]
    first = [name for name in key if name in visible][:1]
    return ("dt", *first) if has_date and "dt" not in partition_by else tuple(first or visible[:1])


def open_questions(proposal: Proposal) -> str:
    """The open questions in one line, with the options that answer them."""
    return "; ".join(
        f"{name} {proposal.guesses[name].text}? ({proposal.guesses[name].why}; else {OPTIONS[name]})"
        for name in proposal.questions
    )
