"""The rows of the agency, one file a noun."""

from agency.models.appeals import Appeal
from agency.models.bulk import Bulk, BulkLine
from agency.models.gateway import Pace, Push, Reply
from agency.models.history import Write, keep_old_versions, watched_tables
from agency.models.people import INCOMPATIBLE, POSTS, Code, Link, Message, Post, Role, User
from agency.models.places import DeskClock, FundMonth, Region, Workday
from agency.models.programmes import Edition, Programme
from agency.models.talk import Note, Remark
from agency.models.trail import CaseKind, CreditCheck, Dispute, Event, Hold
from agency.models.work import Acknowledgement, Attachment, Chunk, File, Import, Job

__all__ = [
    "INCOMPATIBLE",
    "POSTS",
    "Acknowledgement",
    "Appeal",
    "Attachment",
    "Bulk",
    "BulkLine",
    "CaseKind",
    "Chunk",
    "Code",
    "CreditCheck",
    "DeskClock",
    "Dispute",
    "Edition",
    "Event",
    "File",
    "FundMonth",
    "Hold",
    "Import",
    "Job",
    "Link",
    "Message",
    "Note",
    "Pace",
    "Post",
    "Programme",
    "Push",
    "Region",
    "Remark",
    "Reply",
    "Role",
    "User",
    "Workday",
    "Write",
    "keep_old_versions",
    "watched_tables",
]
