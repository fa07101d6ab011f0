"""`python -m lakehouse` is the command `lakehouse`."""

import sys

from lakehouse.cli.main import main

sys.exit(main())
