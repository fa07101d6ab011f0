"""`python -m tools.twin`."""

import sys

from tools.twin.cli import main

sys.exit(main())
