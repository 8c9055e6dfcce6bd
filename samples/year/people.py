"""Who works at the made-up agency: one post each, so that every second and third person is somebody else."""

from typing import NamedTuple

from agency.models import Role


class Staff(NamedTuple):
    """One account: user name, made-up name, role, the region's place in the tree (province, city, or a district's order)."""

    username: str
    name: str
    role: Role
    where: str


STAFF = [
    Staff("zhengce1", "政策甲", Role.POLICY, "province"),
    Staff("zhengce2", "政策乙", Role.POLICY, "province"),
    Staff("jingban1", "经办甲", Role.PREPARER, "province"),
    Staff("jingban2", "经办乙", Role.PREPARER, "city"),
    Staff("jingban3", "经办丙", Role.PREPARER, "district"),
    Staff("fushen1", "复审甲", Role.REVIEWER, "city"),
    Staff("fushen2", "复审乙", Role.REVIEWER, "province"),
    Staff("caiwu1", "财务甲", Role.FINANCE, "city"),
    Staff("caiwu2", "财务乙", Role.FINANCE, "city"),
    Staff("caiwu3", "财务丙", Role.FINANCE, "city"),
    Staff("jihe1", "稽核甲", Role.AUDITOR, "province"),
]
ADMINISTRATOR = Staff("guanli1", "管理甲", Role.SYSTEM_ADMIN, "province")
