"""``python -m fleet_platform`` is the command ``fleet-platform``."""

import sys

from fleet_platform.cli import main

sys.exit(main())
