import subprocess
import sys
from pathlib import Path

import pytest

from tray import singletons

ROOT = Path(singletons.__file__).resolve().parent.parent
CALLS = """
import sys
from tray import singletons
singletons.hold()
from PySide6.QtWidgets import QApplication, QLabel
application = QApplication(["test", "-platform", "offscreen"])
label = QLabel()
for _ in range(100_000):
    label.setText("x")
    label.setVisible(True)
    label.setVisible(False)
label.close()
print("alive")
"""


@pytest.mark.process
def test_a_window_outlives_any_number_of_calls():
    pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")
    done = subprocess.run(
        [sys.executable, "-c", CALLS], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "alive\n"
    assert done.returncode == 0, done.stderr


@pytest.mark.process
@pytest.mark.skipif(
    sys.version_info >= singletons.COUNTED_BEFORE, reason="Python does not count these references"
)
def test_each_of_them_has_more_references_than_can_be_lost():
    code = "import sys\nfrom tray import singletons\nsingletons.hold()\nprint(min(map(sys.getrefcount, (None, True, False))))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert int(done.stdout) > 1 << 59
