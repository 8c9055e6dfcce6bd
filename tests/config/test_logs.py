"""The path of a short link is in no log, whoever writes it."""

import io
import logging
import subprocess
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from gunicorn.config import Config
from gunicorn.glogging import Logger

from config.logs import LINK_PATH, MASK, masked

TOKEN = "mC3_-0123456789abcdeFg"


class TestMasked:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            (f"GET /l/{TOKEN} HTTP/1.1", f"GET /l/{MASK} HTTP/1.1"),
            (f'"http://a.cn/l/{TOKEN}?x=1#y" next', f'"http://a.cn/l/{MASK}" next'),
            (f"next=%2Fl%2F{TOKEN}", f"next=%2Fl%2F{MASK}"),
            (f"或打开http://a.cn/l/{TOKEN}，凭验证码", f"或打开http://a.cn/l/{MASK}，凭验证码"),
            (f"<WSGIRequest: GET '/l/{TOKEN}'>", f"<WSGIRequest: GET '/l/{MASK}'>"),
            ("/refunds/12/confirm/ /l/ 100%", "/refunds/12/confirm/ /l/ 100%"),
        ],
    )
    def test_hides_what_follows_and_nothing_else(self, text, shown):
        assert masked(text) == shown


def said_by(write) -> str:
    """What a handler of its own format gets to hear."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("tests.logs")
    logger.addHandler(handler)
    try:
        write(logger)
    finally:
        logger.removeHandler(handler)
    return out.getvalue()


class TestRecords:
    def test_of_messages_and_arguments(self):
        said = said_by(lambda log: log.warning("Not Found: %s (%d%%)", f"/l/{TOKEN}", 5))
        assert said == f"WARNING Not Found: /l/{MASK} (5%)\n"

    def test_of_tracebacks_and_stacks(self):
        def fail(log):
            try:
                int(f"/l/{TOKEN}")
            except ValueError:
                log.exception("failed", stack_info=True)

        said = said_by(fail)
        assert TOKEN not in said
        assert f"invalid literal for int() with base 10: '/l/{MASK}'" in said

    def test_whose_arguments_do_not_fit(self):
        assert TOKEN not in said_by(lambda log: log.warning("%d", f"/l/{TOKEN}"))

    def test_of_the_access_log_that_gunicorn_writes(self, tmp_path):
        path = tmp_path / "access.log"
        config = Config()
        config.set("accesslog", str(path))
        log = Logger(config)
        response = SimpleNamespace(status="200 OK", sent=1, headers=[])
        request = SimpleNamespace(headers=[("REFERER", f"http://a.cn/l/{TOKEN}")])
        environ = {
            "REQUEST_METHOD": "GET", "RAW_URI": f"/l/{TOKEN}", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "1.2.3.4",
            "PATH_INFO": f"/l/{TOKEN}", "HTTP_REFERER": f"http://a.cn/l/{TOKEN}",
        }  # fmt: skip
        log.access(response, request, environ, timedelta(milliseconds=3))
        said = path.read_text()
        assert TOKEN not in said
        assert f"GET /l/{MASK} HTTP/1.1" in said
        assert "1.2.3.4" in said

    def test_of_a_process_that_has_its_logs_from_elsewhere(self):
        program = (
            "import logging, sys; logging.basicConfig(stream=sys.stdout); import config.celery;"
            f"logging.getLogger('celery.app.trace').error('failed %s', '/l/{TOKEN}')"
        )
        said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        assert said == f"ERROR:celery.app.trace:failed /l/{MASK}\n"

    def test_and_no_request_is_reported_by_mail(self):
        assert settings.LINK_PATH == LINK_PATH
        handlers = [each for name in ("django", "django.request", "") for each in logging.getLogger(name).handlers]
        assert not [each for each in handlers if type(each).__name__ == "AdminEmailHandler"]
