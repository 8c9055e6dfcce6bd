"""What one column of a spreadsheet is called and holds; a kind of spreadsheet is a sequence of them."""

from dataclasses import dataclass

from sheets.values import Kind, text


@dataclass(frozen=True)
class Column:
    """One column.

    `name` is the field, `header` what templates and error lists print, `aliases` other headers for the same.
    `required`: the header must exist, else the file is refused. `filled`: so must every cell, else its row is
    an error. `note` and `options` go into the template beside those of `value`. `empty` is what an empty cell is in
    lines, as canonical text; None: unknown. `apart`: lines leave it out, its cells are given beside them.
    """

    name: str
    header: str
    aliases: tuple[str, ...] = ()
    value: Kind = text
    required: bool = False
    filled: bool = False
    note: str = ""
    options: tuple[str, ...] = ()
    empty: str | None = None
    apart: bool = False

    @property
    def needed(self) -> bool:
        """Whether a file without this column is refused."""
        return self.required or self.filled
