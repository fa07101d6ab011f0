"""A lake that cannot be written says so in one line before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.errors import EXIT_TERMINAL
from lakehouse.lake.paths import Lake, LakeNotWritableError


def test_a_folder_that_is_a_file_is_no_lake(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "lake"):
        with pytest.raises(LakeNotWritableError, match=r"Not a directory|File exists") as refused:
            Lake.at(str(place)).require_writable()
        assert (refused.value.exit_code, "\n" in str(refused.value)) == (EXIT_TERMINAL, False)


def test_a_lake_is_made_where_there_is_none_and_s3_is_left_alone(tmp_path: Path) -> None:
    lake = Lake.at(str(tmp_path / "a" / "lake"))
    lake.require_writable()
    assert Path(lake.curated).is_dir()
    lake.require_writable()
    Lake.at("s3://lake/prod").require_writable()
