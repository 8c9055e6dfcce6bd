"""Where CI=true, a test that cannot run is a failure, not a skip; elsewhere a skip prints its reason."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SKIPS = {
    "by_call": "import pytest\ndef test_it():\n    pytest.skip('no browser here')\n",
    "by_mark": "import pytest\n@pytest.mark.skip(reason='no browser here')\ndef test_it():\n    pass\n",
    "by_module": "import pytest\npytest.skip('no browser here', allow_module_level=True)\n",
    "by_import": "import pytest\npytest.importorskip('no_such_module', reason='no browser here')\n",
}


def run(folder: Path, on_ci: str) -> subprocess.CompletedProcess[str]:
    for name, text in SKIPS.items():
        (folder / f"test_{name}.py").write_text(text)
    options = ["-ra", "-p", "tests.conftest", "--rootdir", str(folder), "-c", "/dev/null", "--continue-on-collection-errors"]
    command = [sys.executable, "-m", "pytest", *options, str(folder)]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"CI": on_ci}, capture_output=True, text=True, timeout=120)


class TestSkips:
    def test_fail_on_ci_and_say_why(self, tmp_path):
        done = run(tmp_path, "true")
        summary = done.stdout.partition("short test summary info")[2]
        assert done.returncode == 1, done.stdout
        assert [name for name in SKIPS if f"test_{name}.py" not in summary] == []
        assert done.stdout.count("skipped where CI=true") >= len(SKIPS)
        assert "1 failed, 3 errors" in done.stdout.splitlines()[-1]

    def test_elsewhere_are_skips_with_their_reason(self, tmp_path):
        done = run(tmp_path, "")
        assert "no browser here" in done.stdout
        assert "4 skipped" in done.stdout.splitlines()[-1]
