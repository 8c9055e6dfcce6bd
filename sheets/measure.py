"""The used area of one sheet, told before a library makes room for it; and which of its formulas failed."""

from dataclasses import dataclass, field

from sheets.guard import TOO_LARGE, Limits, SheetRefused

MOST_FAULTS = 10_000


@dataclass
class Measure:
    """The extent of a sheet's filled cells, from 1, how many they are, and the word of each failed formula by
    (row, column)."""

    rows: int = 0
    first: int = 0
    last: int = 0
    cells: int = 0
    faults: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def area(self) -> int:
        """Cells from the first row and the first filled column to the last ones."""
        return self.rows * (self.last - self.first + 1) if self.cells else 0

    def add(self, row: int, column: int, cells: int = 1) -> None:
        """Takes in some filled cells, as far as the given one."""
        self.rows = max(self.rows, row)
        self.first = min(self.first or column, column)
        self.last = max(self.last, column)
        self.cells += cells

    def fault(self, sheet: str, row: int, column: int, word: str) -> None:
        """Notes a failed formula. Raises SheetRefused for a sheet full of them."""
        if len(self.faults) >= MOST_FAULTS:
            raise SheetRefused(f"工作表“{sheet}”有公式错误 {word}，请改正公式或粘贴为数值后再上传")
        self.faults[row, column] = word


def column_number(letters: bytes) -> int:
    """A is 1, XFD is 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def column_letters(number: int) -> str:
    """1 is A, 16384 is XFD."""
    letters = ""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(65 + letter) + letters
    return letters


def refuse_absurd(measure: Measure, sheet: str, limits: Limits) -> None:
    """Raises SheetRefused where most of a large used area is empty, or the area is beyond the limit."""
    area = measure.area
    if area > 1_000_000 and area > 20 * measure.cells:
        raise SheetRefused(
            f"工作表“{sheet}”的内容一直延伸到 {column_letters(measure.last)} 列、第 {measure.rows} 行，中间大多是空白；"
            "请删除远处多余的单元格后重新保存"
        )
    if area > limits.cells:
        raise SheetRefused(TOO_LARGE)
