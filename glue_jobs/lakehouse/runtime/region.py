"""The region of AWS that the environment names."""

from __future__ import annotations

import os

DEFAULT_REGION = "us-east-1"


def named_region() -> str | None:
    """The region of AWS_REGION, or else of AWS_DEFAULT_REGION; None where neither is set."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None
