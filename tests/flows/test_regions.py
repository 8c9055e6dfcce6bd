"""Regions come in by spreadsheet, in any order, below the region of who loads them; their paths follow."""

from agency.models import Region
from tests.office import Office

COLUMNS = ("代码", "名称", "上级代码")


def rows(*lines: str) -> list[dict[str, object]]:
    return [dict(zip(COLUMNS, line.split(" "), strict=True)) for line in lines]


def refused(imp) -> dict[int, str]:
    return {row: reason for _, row, _, _, reason, _ in imp.report["errors"]}


class TestTree:
    def test_grows_in_any_order_of_rows(self, office: Office):
        imp = office.load("regions", rows("140304001 街道 140304", "140304 郊区 140300", "BT 兵团 140304"))
        assert (imp.new, imp.refused) == (3, 0)
        paths = dict(Region.objects.values_list("code", "path"))
        assert paths["140304001"] == "140300/140304/140304001/"
        assert paths["BT"] == "140300/140304/BT/"

    def test_moves_with_everything_below(self, office: Office):
        office.load("regions", rows("140304001 街道 140302"))
        office.load("regions", rows("140302 城区 140303"))
        assert Region.objects.get(code="140304001").path == "140300/140303/140302/140304001/"

    def test_has_no_way_round_in_the_file_or_with_what_is_stored(self, office: Office):
        both = office.check("regions", rows("140305 甲 140306", "140306 乙 140305"))
        assert set(refused(both)) == {2, 3}
        stored = office.check("regions", rows("140300 甲市 140302"))
        assert "绕回" in " ".join(reason for *_, reason, _ in stored.report["errors"])

    def test_needs_the_region_above(self, office: Office):
        assert "上级" in refused(office.check("regions", rows("140304 郊区 140399")))[2]

    def test_a_bad_row_takes_those_below_it_along(self, office: Office):
        imp = office.load("regions", rows("140304  140300", "140304001 街道 140304", "140305 好的 140300"))
        assert (imp.new, refused(imp)[3]) == (1, "上级 140304 在本表中有错误，请先改正")

    def test_is_no_deeper_than_paths_are_long(self, office: Office):
        codes = ["140300", *(f"14030{number}000" for number in range(1, 10))]
        lines = [f"{code} 第{number}层 {codes[number]}" for number, code in enumerate(codes[1:])]
        imp = office.load("regions", rows(*lines))
        assert list(refused(imp)) == [10]
        assert all(len(path) <= 120 for path in Region.objects.values_list("path", flat=True))


class TestScope:
    def test_is_the_region_of_the_loader_and_below(self, office: Office):
        imp = office.check("regions", rows("140400 乙市 140300", "140401 乙市城区 140400", "150000 别省 ", "140304 郊区 140300"))
        assert set(refused(imp)) == {2, 3, 4}

    def test_lets_the_top_be_renamed_but_not_moved_away(self, office: Office):
        assert office.load("regions", rows("140300 新甲市 ")).changed == 1
        assert set(refused(office.check("regions", rows("140300 甲市 140400")))) == {2}

    def test_keeps_a_region_from_leaving(self, office: Office):
        assert set(refused(office.check("regions", rows("140302 城区 140400")))) == {2}
