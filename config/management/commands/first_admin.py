"""The first account of a new site: one system administrator over a first region. Afterwards the console makes accounts."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agency import clock
from agency.actions import PostRefused, RegionRefused, StaffRefused, create_staff, found_region, give_post
from agency.models import Post, Role


class Command(BaseCommand):
    help = "建立第一个系统管理账号（仅在尚无任何岗位时可用）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="用户名")
        parser.add_argument("name", help="姓名")
        parser.add_argument("--region", required=True, help="最上级行政区划代码，如 140000")
        parser.add_argument("--region-name", required=True, help="其名称")
        parser.add_argument("--password", help="初始密码；不给则在终端询问")

    def handle(self, *args: Any, **options: Any) -> None:
        if Post.objects.exists():
            raise CommandError("系统中已有岗位，请由系统管理人员在经办台新增账号。")
        password = options["password"] or getpass.getpass("初始密码：")
        at = clock.now()
        try:
            region = found_region(options["region"], options["region_name"], at=at)
            user = create_staff(options["username"], options["name"], password, by=None, at=at)
            give_post(user, Role.SYSTEM_ADMIN, region, at.date(), by=None, at=at)
        except (PostRefused, StaffRefused, RegionRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"已建立系统管理账号 {user.username}。")
