"""``python -m pannier_server``: the command ``pannier``."""

import sys

from pannier_server.cli import main

sys.exit(main())
