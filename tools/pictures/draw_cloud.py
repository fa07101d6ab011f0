"""Draws `docs/cloud.svg`, what Terraform makes in one account: `python -m tools.pictures.draw_cloud`."""

from __future__ import annotations

from pathlib import Path

from tools.pictures.draw_flow import STYLE, arrow, box, lines, words

WIDTH, HEIGHT = 970, 520
AIRFLOW = ("two private subnets, endpoints, NAT if wanted;", "starts these jobs and crawlers, passes these roles")
WATCHED = "One KMS key · one SNS topic for failed jobs, overdue publish, share of failed rows and the budget"


def card(x: float, y: float, width: float, name: str, texts: tuple[str, ...], height: float = 96) -> str:
    """A box with a name and its purpose."""
    return box(x, y, width, height) + words(x + width / 2, y + 26, name, "name") + lines(x + width / 2, y + 50, texts)


def drawing() -> str:
    """The picture as SVG: sources, buckets and jobs in a row, Airflow above, key and alerts below."""
    parts = [
        box(8, 8, WIDTH - 16, HEIGHT - 16, "paper", 14),
        words(30, 38, "One AWS account, one environment", "soft", "start"),
        card(250, 56, 470, "MWAA: Airflow 3.3.1", AIRFLOW, 92),
        card(30, 212, 150, "raw", ("raw/<domain>/", "archived later")),
        card(250, 212, 210, "Glue jobs", ("one per step and domain,", "each with its own role")),
        card(510, 212, 210, "curated", ("bronze, silver, marts,", "quarantine, ops, docs")),
        card(790, 212, 150, "Athena", ("workgroups with", "a limit per query")),
        card(30, 372, 150, "artefacts", ("code, wheel, jars,", "DAGs")),
        card(250, 372, 210, "Glue catalogue", ("databases; crawlers", "over landing")),
        card(510, 372, 210, "logs", ("access, flow, Spark UI",)),
        card(790, 372, 150, "analysts", ("no personal data,", "no quarantine")),
        arrow(180, 260, 250, 260),
        arrow(460, 260, 510, 260),
        arrow(720, 260, 790, 260),
        arrow(355, 148, 355, 212),
        arrow(355, 308, 355, 372),
        arrow(865, 372, 865, 308),
        words(485, 496, WATCHED, "soft"),
    ]  # fmt: skip
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
    title = 'aria-label="What Terraform makes in one account">'
    return f"{head}{title}<style>{STYLE}</style>{''.join(parts)}</svg>\n"


if __name__ == "__main__":
    (Path(__file__).parents[2] / "docs" / "cloud.svg").write_text(drawing(), encoding="utf-8")
