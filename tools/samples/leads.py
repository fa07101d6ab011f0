"""The CRM leads: persons who asked a store for an offer, and the cases of their history."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from tools.samples.files import Row, csv_bytes, local, random_for, scattered, utc
from tools.samples.orders import STORE_WEIGHTS, STORES, moment

COLUMNS = (
    "lead_id",
    "store_id",
    "full_name",
    "email",
    "phone",
    "source",
    "status",
    "created_at",
    "updated_at",
    "is_deleted",
)

GIVEN = (
    "Anna",
    "Łukasz",
    "José",
    "Øyvind",
    "Maria",
    "Jürgen",
    "Zoë",
    "Siân",
    "Tomáš",
    "Elif",
    "Aino",
    "李娜",
)
FAMILY = (
    "Müller",
    "Nowak",
    "García",
    "O'Brien",
    "Silva",
    "Ångström",
    "Černý",
    "Virtanen",
    "Yılmaz",
    "Jónsdóttir",
)
MAILBOXES = (
    "anna",
    "lukasz",
    "jose",
    "oyvind",
    "maria",
    "juergen",
    "zoe",
    "sian",
    "tomas",
    "elif",
    "aino",
    "lina",
)
SOURCES = ("web", "store", "phone", "partner", "campaign")
STATUSES = ("new", "contacted", "qualified", "converted", "lost")
STATUS_WEIGHTS = (30, 25, 15, 18, 12)


def lead(number: int, store_id: str, created: datetime, updated: datetime | None = None, /, **changes: str) -> Row:
    """Return one lead; name and address follow from its number, `changes` are columns as written."""
    who = number * 7 % len(GIVEN)
    row = {
        "lead_id": f"L-{number}",
        "store_id": store_id,
        "full_name": f"{GIVEN[who]} {FAMILY[number * 3 % len(FAMILY)]}",
        "email": f"{MAILBOXES[who]}.{number}@example.com",
        "phone": f"+44 20 7946 {number % 1000:04d}" if number % 3 else "",
        "source": SOURCES[number % len(SOURCES)],
        "status": "new",
        "created_at": local(created, store_id),
        "updated_at": local(updated or created + timedelta(minutes=2), store_id),
        "is_deleted": "false",
    }
    return {**row, **changes}


def random_leads(rng: Random, first_number: int, days: list[int]) -> list[Row]:
    """Return ordinary leads, one for each of the days."""
    rows = []
    for index, day in enumerate(days):
        created = moment(rng, day)
        status = rng.choices(STATUSES, STATUS_WEIGHTS)[0]
        updated = created + timedelta(minutes=2 if status == "new" else rng.randrange(30, 4000))
        store_id = rng.choices(STORES, STORE_WEIGHTS)[0]
        rows.append(lead(first_number + index, store_id, created, updated, status=status))
    return rows


def ordinary_leads() -> list[Row]:
    """Return the ordinary leads of the two weeks, in the order of their creation."""
    rng = random_for("leads")
    return random_leads(rng, 10001, sorted(rng.choices(range(14), k=272)))


def first_delivery() -> list[Row]:
    """Return the ordinary leads with repeats, superseded versions, planted cases and bad rows among them."""
    rng = random_for("leads/extra")
    rows = ordinary_leads()
    worked_on = [row for row in rows if row["status"] != "new"]
    superseded = [{**row, "status": "new", "updated_at": row["created_at"]} for row in rng.sample(worked_on, 5)]
    repeats = [dict(row) for row in rng.sample(rows, 3)]
    return scattered(rng, rows, [*superseded, *repeats, *planted_leads(), *bad_leads()])


def planted_leads() -> list[Row]:
    """Return good leads of the first delivery that stand for one case each."""
    return [
        lead(20001, "S001", utc("10-06 09:00"), full_name="Smith, Anna", status="contacted"),
        lead(20002, "S002", utc("10-07 10:00"), full_name='Robert "Bob" Miller', status="qualified"),
        lead(20003, "S003", utc("10-08 11:00"), status="lost", is_deleted="True"),
        lead(20004, "S004", utc("10-09 12:00"), utc("10-12 12:00"), status="converted"),
        lead(20005, "S005", utc("10-10 13:00"), phone=""),
        lead(20006, "S001", utc("10-10 22:40"), status="contacted"),
        lead(20007, "S007", utc("10-12 09:00"), status="converted"),
        lead(20008, "S007", utc("10-12 13:00")),
        lead(20009, "S007", utc("10-13 09:00"), status="qualified"),
        lead(20010, "S006", utc("10-14 09:00"), status="contacted"),
    ]


def bad_leads() -> list[Row]:
    """Return leads of the first delivery that each break one rule."""
    at = utc("10-13 08:00")
    return [
        lead(30001, "S001", at, email="anna at example.com"),
        lead(30002, "S002", at, status="maybe"),
        lead(30003, "S003", at, source="billboard"),
        lead(30004, "S004", at, updated_at="2026-10-13T10:59:59+03:00"),
        lead(30005, "S005", at, store_id="s005"),
        lead(30006, "S006", at, full_name=""),
        lead(30007, "S001", at, created_at="13.10.2026 08:00"),
    ]


def second_delivery() -> list[Row]:
    """Return conversions, a revival, deletes, repeats, late leads and leads of the next month."""
    rng = random_for("leads/second")
    first = ordinary_leads()
    still_open = [row for row in first if row["status"] in ("new", "contacted", "qualified")]
    later = utc("10-20 07:00")
    converted = [
        {**row, "status": "converted", "updated_at": local(later + timedelta(minutes=index), row["store_id"])}
        for index, row in enumerate(rng.sample(still_open, 8))
    ]
    worked_on = [row for row in first if row["status"] == "lost"]
    stale = [{**row, "status": "new", "updated_at": row["created_at"]} for row in rng.sample(worked_on, 3)]
    repeats = [dict(row) for row in rng.sample(first, 3)]
    new = random_leads(rng, 40001, [14] * 8 + [15] * 8)
    return scattered(rng, new, [*converted, *stale, *repeats, *planted_changes(later)])


def planted_changes(later: datetime) -> list[Row]:
    """Return later versions of planted leads, late leads and leads of the next month, one case each."""
    return [
        lead(20001, "S001", utc("10-06 09:00"), later, full_name="Smith, Anna", status="converted"),
        lead(20002, "S002", utc("10-07 10:00"), later, full_name='Robert "Bob" Miller', is_deleted="true"),
        lead(20003, "S003", utc("10-08 11:00"), later, status="qualified"),
        lead(20004, "S004", utc("10-09 12:00"), utc("10-11 12:00"), status="contacted"),
        lead(20005, "S005", utc("10-10 13:00"), phone=""),
        lead(20006, "S001", utc("10-09 22:40"), later, status="contacted"),
        lead(20009, "S007", utc("10-13 09:00"), later, status="qualified", is_deleted="true"),
        lead(20010, "S003", utc("10-14 09:00"), later, status="contacted"),
        lead(41001, "S002", utc("10-08 22:30"), later, status="converted"),
        lead(41002, "S001", utc("10-31 23:30")),
        lead(41003, "S003", utc("11-01 10:00"), utc("11-02 10:00"), status="converted"),
        lead(41004, "S006", utc("11-02 07:15")),
        lead(42001, "S005", utc("10-19 09:00"), email="nobody@"),
    ]


def broken_delivery() -> bytes:
    """Return 34 good new leads and six malformed rows among them."""
    rng = random_for("leads/broken")
    rows = random_leads(rng, 50001, [16] * 37)
    lines = csv_bytes(COLUMNS, rows).decode().splitlines()
    lines[4] = lines[4].rsplit(",", 2)[0]
    lines[9] = lines[9] + ",surplus"
    lines[13] = lines[13] + ","
    at = utc("10-21 09:00")
    malformed = [
        lead(51001, "S001", at, created_at="yesterday"),
        lead(51002, "S002", at, is_deleted="0"),
        lead(51003, "S003", at, updated_at="2026-10-21T10:02:00"),
    ]
    return "".join(text + "\n" for text in lines).encode() + csv_bytes(COLUMNS, malformed).partition(b"\n")[2]
