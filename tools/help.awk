# Prints `make help`: the Makefile's groups (##@) and targets (##), the slow suites from pyproject's markers, and the
# benchmarks from the first lines of their packages. Files in this order: pyproject.toml, benchmarks/*/__init__.py, Makefile.
function entry(name, text) { return sprintf("  make %-16s %s\n", name, text) }

FILENAME ~ /pyproject/ && /^    "[a-z0-9_]+: .*",$/ {
  match($0, /[a-z0-9_]+:/)
  name = substr($0, RSTART, RLENGTH - 1)
  text = substr($0, RSTART + RLENGTH + 1)
  sub(/",$/, "", text)
  gsub(/_/, "-", name)
  suites = suites entry("test-" name, text)
}
FILENAME ~ /benchmarks/ && FNR == 1 && match($0, /: `make bench[a-z-]*`/) {
  name = substr($0, RSTART + 8, RLENGTH - 9)
  benches = benches entry(name, substr($0, 4, RSTART - 4))
}
FILENAME ~ /Makefile/ && /^##@ / {
  printf "%s%s\n", (started++ ? "\n" : ""), substr($0, 5)
  if ($0 ~ /Slow suites/) printf "%s", suites
  if ($0 ~ /Measure/) printf "%s", benches
}
FILENAME ~ /Makefile/ && /^[a-z0-9-]+:.* ## / {
  printf "%s", entry(substr($0, 1, index($0, ":") - 1), substr($0, index($0, " ## ") + 4))
}
