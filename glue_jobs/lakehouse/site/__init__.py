"""The static site of a lake, and the report of a run: pages from Jinja templates, readable offline and from the bucket.

Promises: no JVM, no request, no delivered value; what it costs is bounded by the last runs that it shows.
Start reading at `build.py`; `report.py` has the report of a full run.
"""
