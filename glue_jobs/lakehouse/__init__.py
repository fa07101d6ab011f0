"""The library of the lakehouse; Glue jobs, DAGs and the command `lakehouse` are thin wrappers around it."""

from importlib import resources

__version__ = resources.files(__name__).joinpath("VERSION").read_text("utf-8").strip()
