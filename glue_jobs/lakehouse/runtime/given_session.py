"""Uses the Spark session that a job was given, by spark-submit, a notebook or a cluster, instead of starting one.

Master, memory and jars are those of the session. Our settings are added where that is still possible; for what is not,
`SessionUnsuitableError` names the option to start the session with.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lakehouse import log
from lakehouse.errors import LakehouseError
from lakehouse.runtime.lineage_settings import lineage_from_environment
from lakehouse.runtime.spark_settings import (
    DELTA_PACKAGE,
    LAPTOP,
    LINEAGE,
    LOG_STORE,
    LOG_STORE_SETTINGS,
    SETTINGS,
    few_tasks,
)

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

SPARK = (4, 1)
"""The oldest Spark that has what the jobs use."""
EXTENSIONS = "spark.sql.extensions"
CATALOG = "spark.sql.catalog.spark_catalog"
METASTORE = "spark.sql.catalogImplementation"
_DELTA = SETTINGS[EXTENSIONS]


class SessionUnsuitableError(LakehouseError):
    """The given session lacks something that can be had only when a session starts."""

    def __init__(self, found: str, option: str) -> None:
        self.found, self.option = found, option
        super().__init__(
            f"The Spark session that this job was given cannot run it: {found}. Start it with {option}, "
            "or with the file that `lakehouse settings --properties` prints, by --properties-file."
        )


def is_given() -> bool:
    """Whether spark-submit started this process, or a session that is not ours is there already."""
    if "PYSPARK_GATEWAY_PORT" in os.environ or "SPARK_REMOTE" in os.environ:
        return True
    pyspark: Any = sys.modules.get("pyspark")
    context = pyspark.SparkContext._active_spark_context if pyspark else None
    return context is not None and context.getConf().get(LAPTOP) is None


def given_session(is_small: Callable[[], bool] = lambda: False) -> SparkSession:
    """The session of this process with our settings; raises SessionUnsuitableError, before anything is written.

    is_small: whether data are small, which a cluster, too, handles sooner in few tasks; asked only where it decides.
    """
    require_delta()
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    running: SparkContext | None = SparkContext._active_spark_context
    said = dict((running.getConf() if running else SparkConf()).getAll())
    builder = SparkSession.builder
    if running is None:
        for name, value in settings_before_start(said, _has_class(LOG_STORE), _lineage()).items():
            builder = builder.config(name, value)
    session = builder.getOrCreate()
    log.hide_failed_queries()
    _require_fixed(session)
    few = few_tasks(session.sparkContext.defaultParallelism)
    is_open = not few.keys() <= said.keys()
    has_few = is_open and ((session.sparkContext.master or "").startswith("local") or is_small())
    _set(session, few if has_few else {}, said)
    return session


def require_delta() -> None:
    """Raise SessionUnsuitableError where no session can be had that writes Delta; starts none, so it costs little."""
    _require_release()
    from pyspark import SparkContext

    SparkContext._ensure_initialized()  # type: ignore[attr-defined]  # else SparkConf does not read spark-submit's words
    if not _has_class(_DELTA):
        raise SessionUnsuitableError("no jar of it contains Delta", f"--packages {DELTA_PACKAGE}")


def settings_before_start(
    said: Mapping[str, str], has_log_store: bool, lineage: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What is added to the settings of spark-submit; of its extensions and listeners, those that it names stay."""
    added = {name: value for name, value in SETTINGS.items() if name not in LOG_STORE_SETTINGS or has_log_store}
    added |= lineage or {}
    lists = [name for name in (EXTENSIONS, "spark.extraListeners") if name in added]
    fixed = {name: said[name] for name in (CATALOG, METASTORE) if name in said}
    return {**added, **{name: _with(said.get(name, ""), added[name]) for name in lists}, **fixed}


def _with(words: str, word: str) -> str:
    """A list of classes with another one in it, once."""
    found = [known for known in words.split(",") if known]
    return ",".join(found if word in found else [*found, word])


def _require_release() -> None:
    import pyspark

    if "SPARK_REMOTE" in os.environ:
        raise SessionUnsuitableError("it is one of Spark Connect", "spark-submit, without SPARK_REMOTE")
    if tuple(int(part) for part in pyspark.__version__.split(".")[:2]) < SPARK:
        raise SessionUnsuitableError(f"it is Spark {pyspark.__version__}", f"Spark {SPARK[0]}.{SPARK[1]} or newer")


def _require_fixed(session: SparkSession) -> None:
    """Raise SessionUnsuitableError for a wrong setting that a session keeps from its start."""
    if _DELTA not in (session.conf.get(EXTENSIONS, None) or "").split(","):
        raise SessionUnsuitableError(f"{EXTENSIONS} lacks Delta's", f"--conf {EXTENSIONS}={_DELTA}")
    for name, unset in ((CATALOG, "not set"), (METASTORE, SETTINGS[METASTORE])):
        if (found := session.conf.get(name, unset)) != SETTINGS[name]:
            raise SessionUnsuitableError(f"{name} is {found}", f"--conf {name}={SETTINGS[name]}")


def _set(session: SparkSession, own: Mapping[str, str], said: Mapping[str, str]) -> None:
    """Set what can be set in a running session; a person's word stays only where ours is about speed."""
    for name, value in SETTINGS.items():
        if session.conf.isModifiable(name) and session.conf.get(name, None) != value:
            if name in said:
                log.info("a setting of the session is changed for this job", setting=name, value=value)
            session.conf.set(name, value)
    for name, value in own.items():
        if name not in said:
            session.conf.set(name, value)


def _lineage() -> dict[str, str]:
    """The settings for lineage, if the environment names a server and the session has the listener."""
    server = lineage_from_environment()
    return {**LINEAGE, **server} if server and _has_class(LINEAGE["spark.extraListeners"]) else {}


def _has_class(name: str) -> bool:
    from pyspark import SparkContext

    try:
        SparkContext._jvm.org.apache.spark.util.Utils.classForName(name, False, False)  # type: ignore[union-attr]
    except Exception:  # py4j wraps whatever the class loader threw
        return False
    return True
