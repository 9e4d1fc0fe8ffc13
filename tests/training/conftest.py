"""Makes the repository's `training` package importable, which is not installed with the program."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
