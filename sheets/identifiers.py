"""Codes and numbers that name something: their shape, and their check character where they have one."""

import re
from operator import mul

from sheets.cells import BadValue, Cell, clean_code
from sheets.quantities import date_of

_USCC_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WORTH = {sign: worth for worth, sign in enumerate(_USCC_SIGNS)}
_USCC_WEIGHTS = (*(pow(3, place, 31) for place in range(17)), 1)
_USCC_SHAPE = re.compile(f"[{_USCC_SIGNS}]{{18}}")
# What each byte adds to the sum at each place, less whole 31s.
_USCC_TERMS = [bytes(_USCC_WORTH.get(chr(byte), 0) * weight % 31 for byte in range(256)) for weight in _USCC_WEIGHTS]
_LESS_31S = bytes(byte % 31 for byte in range(256))


def _uscc_sum(signs: str) -> int:
    return sum(map(mul, map(_USCC_WORTH.__getitem__, signs), _USCC_WEIGHTS))


def uscc_check(body: str) -> str:
    """The check character of the first 17 characters of a 统一社会信用代码. Source: GB 32100-2015."""
    return _USCC_SIGNS[-_uscc_sum(body) % 31]


def clean_uscc(cell: Cell) -> str | None:
    """统一社会信用代码 with its check character. Source: GB 32100-2015."""
    if isinstance(cell, str) and _USCC_SHAPE.fullmatch(cell) and _uscc_sum(cell) % 31 == 0:
        return cell
    code_ = clean_code(cell)
    if code_ is None:
        return None
    if not _USCC_SHAPE.fullmatch(code_):
        code_ = code_.upper()
        if len(code_) != 18:
            raise BadValue(f"统一社会信用代码应为 18 位，现为 {len(code_)} 位，请核对")
        strange = set(code_) - _USCC_WORTH.keys()
        if strange:
            raise BadValue(f"统一社会信用代码不含字符 {'、'.join(sorted(strange))}（不用 I、O、S、V、Z），请核对")
    if _uscc_sum(code_) % 31:
        raise BadValue("统一社会信用代码校验码不符，请逐位核对")
    return code_


def are_usccs(lines: str) -> bool:
    """Whether every line of a text is a 统一社会信用代码 as `clean_uscc` leaves it. The codes of a column are summed up side by
    side, each in a byte of its own: a tenth of the time of one after another."""
    codes = lines.encode()
    count, rest = divmod(len(codes), 19)
    ends = b"\n" * count
    if rest or codes[18::19] != ends or codes.translate(None, _USCC_SIGNS.encode()) != ends:
        return False
    sums = bytes(count)
    for begin in (0, 6, 12):  # the sums of six places and of what was left before are less than 256
        terms = [codes[place::19].translate(_USCC_TERMS[place]) for place in range(begin, begin + 6)]
        sums = sum(map(int.from_bytes, (sums, *terms))).to_bytes(count).translate(_LESS_31S)
    return not any(sums)


_CITIZEN_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))


def citizen_check(body: str) -> str:
    """The check character of the first 17 digits of a 居民身份证 number. Source: GB 11643-1999."""
    total = sum([int(digit) * weight for digit, weight in zip(body, _CITIZEN_WEIGHTS, strict=False)])
    return "10X98765432"[total % 11]


def clean_citizen_id(cell: Cell) -> str | None:
    """居民身份证 number: a day of birth that exists, the check character. Source: GB 11643-1999."""
    number = clean_code(cell)
    if number is None:
        return None
    number = number.upper()
    if len(number) != 18:
        hint = "，15 位旧号请换成 18 位" if len(number) == 15 else "，请核对"
        raise BadValue(f"身份证号应为 18 位，现为 {len(number)} 位{hint}")
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", number):
        raise BadValue("身份证号应为 17 位数字加 1 位数字或 X，请核对")
    born = date_of(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    if born is None or born.year < 1900:
        raise BadValue("身份证号中的出生日期不存在，请核对")
    if citizen_check(number) != number[17]:
        raise BadValue("身份证号校验码不符，请逐位核对")
    return number


def clean_phone(cell: Cell) -> str | None:
    """A mainland mobile number: 11 digits from 1; +86 and hyphens are dropped."""
    number = clean_code(cell)
    if number is None:
        return None
    number = number.replace("-", "")
    number = number.removeprefix("+").removeprefix("86") if len(number) > 11 else number
    if not re.fullmatch(r"1[3-9][0-9]{9}", number):
        raise BadValue("手机号应为 11 位数字、以 1 开头，请核对")
    return number


def clean_telephone(cell: Cell) -> str | None:
    """Any telephone number: 3 to 20 digits, with hyphens."""
    number = clean_code(cell)
    if number is not None and not re.fullmatch(r"[0-9][0-9-]{1,18}[0-9]", number):
        raise BadValue("电话应为数字和短横线，如 0350-12333，请核对")
    return number


def clean_account(cell: Cell) -> str | None:
    """A bank account: 6 to 34 digits, hyphens kept, blanks dropped."""
    number = clean_code(cell)
    if number is not None and not re.fullmatch(r"[0-9][0-9-]{4,32}[0-9]", number):
        raise BadValue("账号应为 6 至 34 位数字，请核对")
    return number


def clean_region(cell: Cell) -> str | None:
    """A region code: 6, 9 or 12 digits (GB/T 2260), or an agency's own with a letter in it."""
    number = clean_code(cell)
    if number is None:
        return None
    number = number.upper()
    if not re.fullmatch(r"[0-9]{6}([0-9]{3}){0,2}|(?=.*[A-Z])[0-9A-Z]{2,12}", number):
        raise BadValue("行政区划代码应为 6 位数字，如 140100，请核对")
    return number


# Divisions by section letter. Source: GB/T 4754-2017.
_SECTIONS = {
    "A": (1, 5), "B": (6, 12), "C": (13, 43), "D": (44, 46), "E": (47, 50), "F": (51, 52), "G": (53, 60),
    "H": (61, 62), "I": (63, 65), "J": (66, 69), "K": (70, 70), "L": (71, 72), "M": (73, 75), "N": (76, 79),
    "O": (80, 82), "P": (83, 83), "Q": (84, 85), "R": (86, 90), "S": (91, 96), "T": (97, 97),
}  # fmt: skip


def clean_industry(cell: Cell) -> str | None:
    """GB/T 4754-2017, 2 to 4 digits with or without the section letter; the canonical text is the digits."""
    written = clean_code(cell)
    if written is None:
        return None
    match = re.fullmatch(r"([A-T]?)([0-9]{2,4})", written.upper())
    if match is None or not 1 <= int(match[2][:2]) <= 97:
        raise BadValue("行业代码应为 2 至 4 位数字，可带门类字母，如 C3311 或 51，请核对")
    first, last = _SECTIONS[match[1]] if match[1] else (1, 97)
    if not first <= int(match[2][:2]) <= last:
        raise BadValue(f"行业门类字母 {match[1]} 与代码 {match[2]} 不符，请核对")
    return match[2]
