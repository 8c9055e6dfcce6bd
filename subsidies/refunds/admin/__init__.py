"""稳岗返还: the staff pages of applications, screenings, corrections and dispatch hosts."""

from subsidies.refunds.admin import appeals, applications, exports, sizes, what_ifs, work  # noqa: F401 - registered by import
