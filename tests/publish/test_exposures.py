"""What dbt is told and what is there agree: each view on a business table is an exposure; the example profile reads."""

from __future__ import annotations

import yaml

from lakehouse.contracts.project import Project
from lakehouse.publish.views import read_views, resolve


def test_each_view_on_a_business_table_is_an_exposure(project: Project) -> None:
    file = project.dbt / "models" / "athena_views.yml"
    exposures = {item["name"]: item for item in yaml.safe_load(file.read_text(encoding="utf-8"))["exposures"]}
    shown = {view.name: view for view in resolve(read_views(project.dbt / "athena_views"), {})}
    assert set(exposures) == {name for name, view in shown.items() if not view.tables[0].startswith("ops.")}
    for name, exposure in exposures.items():
        assert exposure["description"] == shown[name].view.description
        parents = {parent.split("'")[-2] for parent in exposure["depends_on"]}
        assert parents == {table.split(".")[1] for table in shown[name].tables}


def test_the_example_profile_has_three_targets(project: Project) -> None:
    profile = yaml.safe_load((project.dbt / "profiles.yml.example").read_text(encoding="utf-8"))["lakehouse"]
    assert {name: output["type"] for name, output in profile["outputs"].items()} == {
        "local": "spark",
        "glue": "spark",
        "athena": "athena",
    }
    assert profile["target"] in profile["outputs"]
