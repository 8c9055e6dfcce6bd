"""Where CI=true, a test that cannot run is a failure, not a skip; elsewhere a skip prints its reason."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SKIPS = {
    "by call": "import pytest\ndef test_it():\n    pytest.skip('no browser here')\n",
    "by mark": "import pytest\n@pytest.mark.skip(reason='no browser here')\ndef test_it():\n    pass\n",
    "by module": "import pytest\npytest.skip('no browser here', allow_module_level=True)\n",
    "by import": "import pytest\npytest.importorskip('no_such_module', reason='no browser here')\n",
}


def outcome(folder: Path, text: str, on_ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_invented.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-ra", "-p", "tests.conftest", "--rootdir", str(folder), "-c", "/dev/null"]
    environment = os.environ | {"CI": on_ci}
    return subprocess.run([*command, str(folder)], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


class TestSkips:
    @pytest.mark.parametrize("text", SKIPS.values(), ids=SKIPS.keys())
    def test_fail_on_ci_and_say_why(self, tmp_path, text):
        done = outcome(tmp_path, text, "true")
        assert done.returncode in {1, 2}, done.stdout
        assert "no browser here" in done.stdout
        assert "skipped" not in done.stdout.splitlines()[-1]

    def test_elsewhere_are_skips_with_their_reason(self, tmp_path):
        done = outcome(tmp_path, SKIPS["by call"] + "def test_other():\n    pass\n", "")
        assert (done.returncode, "no browser here" in done.stdout) == (0, True), done.stdout
