"""Names, codes, phones and accounts of a city that does not exist, each made from a number.

Nothing here can be anybody's: the region codes are not assigned, the organisation codes start with X, the mobile
numbers with 142 and 143, which no carrier has, the people are called after the sixty years of the calendar, and their ID
numbers are of the same regions.
"""

import datetime as dt

from sheets.values import citizen_check, uscc_check

PROVINCE, CITY, NEIGHBOUR = "140000", "149100", "149200"
DISTRICTS = {"149101": "东屏区", "149102": "西屏区", "149121": "云汀县", "149122": "石栾县"}
REGIONS = {PROVINCE: "山西省", CITY: "岚泊市", **DISTRICTS, NEIGHBOUR: "沁皋市", "149201": "北皋区"}

_FIRST = "禾川沐岭青禹和朗启恒嘉望松柏云帆瑞景明昱泽安宁远博雅星辰海棠兰芷若溪石泉林野清晖永利长风大同小满春秋白露霜降寒露谷雨"
_SECOND = "丰盛达通源汇聚成泰顺鑫隆裕康祥宏伟业昌茂荣华锦程航宇翔腾飞跃升辉耀晨曦晓阳光彩虹霞峰峦岳坤乾元亨贞吉庆余"
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"

TRADES = {
    "3311": "金属制品", "1411": "糕点食品", "1751": "织造", "2613": "化工", "3011": "建材",
    "3525": "模具", "4710": "建筑工程", "4862": "市政工程", "5011": "装饰装修", "5112": "粮油批发",
    "5172": "五金批发", "5211": "百货", "5242": "文具", "5431": "货运", "5930": "仓储",
    "6110": "宾馆", "6210": "餐饮", "6510": "软件", "6550": "信息服务", "7010": "置业",
    "7020": "物业服务", "7231": "法律咨询", "7261": "人力资源", "7340": "农业科技", "7482": "设计",
    "7810": "环卫", "8010": "家政", "8111": "汽车维修", "0121": "种植", "0311": "畜牧",
}  # fmt: skip
_FIRST_BORN = dt.date(1966, 3, 1)
_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def uscc(number: int, registry: str = "91", region: str = CITY) -> str:
    """A 统一社会信用代码 with both check characters (GB 11714 inside, GB 32100 outside)."""
    body = f"X{number:07d}"
    left = 11 - sum([(int(sign) if sign.isdigit() else 33) * weight for sign, weight in zip(body, _WEIGHTS, strict=True)]) % 11
    code = f"{registry}{region}{body}{'X' if left == 10 else left % 11}"
    return code + uscc_check(code)


def unit_name(number: int, trade: str, ending: str = "有限公司", city: str = "岚泊市") -> str:
    """岚泊市禾丰川金属制品有限公司."""
    first = _FIRST[number % len(_FIRST)]
    second = _SECOND[number // len(_FIRST) % len(_SECOND)]
    third = _FIRST[(number // (len(_FIRST) * len(_SECOND)) + number * 7) % len(_FIRST)]
    return f"{city}{first}{second}{third}{trade}{ending}"


def person(number: int) -> str:
    """赵甲子."""
    return _SURNAMES[number % 20] + _STEMS[number // 20 % 10] + _BRANCHES[number // 20 % 12]


def citizen(region: str, number: int) -> str:
    """A 居民身份证 number with its check digit (GB 11643), of a place that has no such code; another for each number."""
    born = _FIRST_BORN + dt.timedelta(days=(number // 1000 * 131 + number % 1000 * 7) % 13_000)
    body = f"{region}{born:%Y%m%d}{number % 1000:03d}"
    return body + citizen_check(body)


def phone(number: int, prefix: str = "142") -> str:
    return f"{prefix}{number:08d}"


def account(number: int, prefix: str = "14991") -> str:
    return f"{prefix}{number:014d}"


def bank(district: str) -> str:
    return f"岚泊示例银行{REGIONS[district]}支行"
