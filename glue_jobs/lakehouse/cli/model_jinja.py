"""The Jinja of dbt's models without dbt: what a model renders to in a full build and in one of changes, and its macros.

Macros of the project's own folder are run as they are, but for those that stand for changed keys, which leave a
function in the SQL. What dbt alone could compute leaves the word of a macro.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
from jinja2 import nodes

from lakehouse.cli.jinja_words import Untold, of_macros, parsed, template
from lakehouse.cli.model_sql import LIMIT, WITHIN, limit_text, within_text
from lakehouse.contracts.dbt_files import project_name, project_settings
from lakehouse.contracts.mart_graph import Model

OWN = frozenset({LIMIT, WITHIN, "clustered", "elements"})
"""The macros of this project that know whether a build is one of changes: what each writes is known."""
_IS_INCREMENTAL = re.compile(r"\bis_incremental\(\s*\)")


class _Returned(Exception):  # noqa: N818 -- no error
    """A macro says return(…)."""

    def __init__(self, value: Any = "") -> None:
        super().__init__()
        self.value = value


@dataclass(frozen=True)
class Written:
    """A macro of the project. file: as from the project's folder."""

    node: nodes.Macro
    file: str


@dataclass(frozen=True)
class ProjectJinja:
    """The models and macros of a dbt project as Jinja."""

    dbt: Path
    models: Mapping[str, Model]
    _seen: dict[tuple[str, frozenset[str]], str | None] = field(default_factory=dict)

    @cached_property
    def macros(self) -> Mapping[str, Written]:
        """The project's macros by name."""
        trees = {file: parsed(of_macros(text)) for file, text in self._files.items()}
        return {one.name: Written(one, file) for file, tree in trees.items() for one in tree.find_all(nodes.Macro)}

    @cached_property
    def project(self) -> str:
        """The name by which macros may be called."""
        return project_name(self.dbt)

    @cached_property
    def variables(self) -> Mapping[str, Any]:
        """The vars of dbt_project.yml: those of the project's own name count."""
        given = project_settings(self.dbt).get("vars") or {}
        return {**given, **(given.get(self.project) or {})}

    def tree(self, model: Model) -> nodes.Template:
        """The parsed Jinja of a model."""
        return parsed(self.text(model))

    def full(self, model: Model) -> str | None:
        """The SQL of a full build; None where it cannot be told."""
        return self.rendered(model, ())

    def of_changes(self, model: Model) -> str | None:
        """The SQL of a build of changes; None where it cannot be told."""
        return self.rendered(model, self.places(model))

    def rendered(self, model: Model, places: Collection[str]) -> str | None:
        """The SQL where is_incremental() holds at some places; None where it cannot be told without dbt."""
        asked = (model.name, frozenset(places))
        if asked not in self._seen:
            try:
                self._seen[asked] = _Rendering(self, model, asked[1]).text(_placed(self.text(model), model.file))
            except Exception:  # whatever a model's Jinja does with what is not known here
                self._seen[asked] = None
        return self._seen[asked]

    def places(self, model: Model) -> tuple[str, ...]:
        """Where the model and the macros of the project ask is_incremental(), as file:line."""
        texts = {model.file: self.text(model)} | {file: self._files[file] for file in sorted(self._files)}
        return tuple(dict.fromkeys(place for file, text in texts.items() for place in _places(text, file)))

    def place_of(self, model: Model, *words: str) -> str:
        """Where the first of some words stands in a model, as file:line; its first line where a macro writes it."""
        text = self.text(model)
        every = [re.search(rf"(?:(?<!\w)|(?!\w)){re.escape(word)}(?!\w)", text, re.IGNORECASE) for word in words]
        found = next(filter(None, every), None)
        return _place(text, model.file, found) if found else f"{model.file}:1"

    def text(self, model: Model) -> str:
        """What stands in a model's file."""
        return (self.dbt.parent / model.file).read_text(encoding="utf-8")

    @cached_property
    def _files(self) -> Mapping[str, str]:
        files = sorted((self.dbt / "macros").rglob("*.sql"))
        return {str(file.relative_to(self.dbt.parent)): file.read_text(encoding="utf-8") for file in files}

    @cached_property
    def compiled(self) -> Mapping[str, jinja2.Template]:
        """Each file of macros, ready to run; without those whose filters nobody knows."""
        found = {}
        for file, text in self._files.items():
            try:
                found[file] = template(of_macros(_placed(text, file)))
            except jinja2.TemplateError:
                continue
        return found


@dataclass(frozen=True)
class _Rendering:
    """One rendering of a model. places: where is_incremental() holds."""

    jinja: ProjectJinja
    model: Model
    places: frozenset[str]

    def text(self, text: str) -> str:
        return template(text).render(self._context)

    @cached_property
    def _context(self) -> dict[str, Any]:
        known: dict[str, Any] = {
            "config": _Config(self.model), "ref": self._ref, "source": lambda _, table, **__: f"silver.{table}",
            "var": self._var,
            "is_incremental": lambda place="": place in self.places, "execute": True,
            "this": self._ref(self.model.name), "return": _return, "log": lambda *_, **__: "", "print": lambda *_: "",
            "zip": zip, "set": set, "adapter": _Adapter(self._run),
            "modules": SimpleNamespace(re=re, itertools=itertools, datetime=Untold(name="datetime")),
        }  # fmt: skip
        own = {LIMIT: self._in_changed, WITHIN: within_text, "clustered": lambda: "", "elements": _elements}
        macros = {name: self._run(name) for name in self.jinja.macros} | own
        return {**known, **macros, self.jinja.project: SimpleNamespace(**macros)}

    def _var(self, name: str, default: Any = None) -> Any:
        """What dbt_project.yml says; a run may say otherwise."""
        known = self.jinja.variables.get(name, default)
        return Untold(name=name) if known is None else known

    def _run(self, name: str) -> Callable[..., Any]:
        """A macro that is found when it is called, for macros call one another."""

        def run(*given: Any, **named: Any) -> Any:
            file = self.jinja.macros[name].file
            try:
                return getattr(self.jinja.compiled[file].make_module(self._context), name)(*given, **named)
            except _Returned as returned:
                return returned.value

        return run

    def _ref(self, *names: str, **_: Any) -> str:
        model = self.jinja.models.get(names[-1])
        return names[-1] if model is None else f"{model.schema}.`{model.name}`"

    def _in_changed(self, columns: Any = None) -> str:
        return limit_text(self.model, columns if isinstance(columns, Mapping) else {})


class _Config:
    """What config is in a model: a call that writes nothing, and what the model says."""

    def __init__(self, model: Model) -> None:
        self._config = model.config

    def __call__(self, **_: Any) -> str:
        return ""

    def get(self, name: str, default: Any = None) -> Any:
        return self._config.get(name, default)

    require = get


class _Adapter(Untold):
    """The adapter of dbt, of which only the way to a macro's own form is known."""

    def __init__(self, run: Callable[[str], Callable[..., Any]]) -> None:
        super().__init__(name="adapter")
        self._run = run

    def dispatch(self, name: str, *_: Any, **__: Any) -> Callable[..., Any]:
        """The form of a macro for Spark, else its own."""

        def run(*given: Any, **named: Any) -> Any:
            for form in forms_of(name):
                try:
                    return self._run(form)(*given, **named)
                except KeyError:
                    continue
            return Untold(name=name)

        return run


def forms_of(name: str) -> tuple[str, ...]:
    """The names of the macros that dispatch looks for."""
    return tuple(f"{prefix}__{name}" for prefix in ("spark", "default"))


def _return(value: Any = "") -> None:
    raise _Returned(value)


def _elements(name: str, _: str) -> str:
    return f"elements.`{name}`"


def _placed(text: str, file: str) -> str:
    """A text in which each is_incremental() says where it stands."""
    return _IS_INCREMENTAL.sub(lambda found: f"is_incremental('{_place(text, file, found)}')", text)


def _places(text: str, file: str) -> Iterator[str]:
    return (_place(text, file, found) for found in _IS_INCREMENTAL.finditer(text))


def _place(text: str, file: str, found: re.Match[str]) -> str:
    return f"{file}:{text.count(chr(10), 0, found.start()) + 1}"
