"""日志: what no log of ours ever shows: the path of a short link, which is all the secret that it has.

Masked where a record is made, so that it holds for every logger, handler and format of every process: Django, gunicorn
(its access log too), Celery, and whatever reads records to report errors."""

import logging
import re
from typing import Any

LINK_PATH = "l/"
MASK = "***"
# What follows /l/ up to a blank, quote or bracket, or anything that is no ASCII sign; the slashes also as %2F.
_LINK = re.compile(r"""((?:/|%2F)l(?:/|%2F))[!#-&(-;=?-~]+""", re.IGNORECASE)
_plain = logging.Formatter()


def masked(text: str) -> str:
    """The text with each path of a short link masked."""
    return _LINK.sub(rf"\1{MASK}", text)


class MaskedRecord(logging.LogRecord):
    """A record whose message, traceback and stack are masked from its first moment on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        try:
            said = super().getMessage()
        except (
            TypeError,
            ValueError,
            KeyError,
        ):  # arguments that do not fit are left out: the bare message still says where it came from
            said = str(self.msg)
            self.args = None
        if (shown := masked(said)) != said:
            self.msg, self.args = shown, None
        if self.exc_info and self.exc_info[0] is not None:
            told = _plain.formatException(self.exc_info)
            if (shown := masked(told)) != told:
                self.exc_text = shown
        if self.stack_info:
            self.stack_info = masked(self.stack_info)


def install() -> None:
    """From now on every record of this process is a masked one."""
    logging.setLogRecordFactory(MaskedRecord)
