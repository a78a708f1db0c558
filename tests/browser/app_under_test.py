"""The app on a folder of runs that a test names."""

import os
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from serving import AppEngine
from ui.shell import show

if __name__ == "__main__":  # pytest imports every module for its doctests
    show(partial(AppEngine, folder=Path(os.environ["QUORATE_TEST_RUNS"])))
