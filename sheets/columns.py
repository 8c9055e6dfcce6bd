"""What one column of a spreadsheet is called and holds; a kind of spreadsheet is a sequence of them."""

from dataclasses import dataclass

from sheets.values import Kind, text


@dataclass(frozen=True)
class Column:
    """One column.

    `name` is the field, `header` what templates and error lists print, `aliases` other headers for the same.
    `required`: the header must exist, else the file is refused. `filled`: an empty cell is an error of its
    row. `note` and `options` go into the template beside those of `value`.
    """

    name: str
    header: str
    aliases: tuple[str, ...] = ()
    value: Kind = text
    required: bool = False
    filled: bool = False
    note: str = ""
    options: tuple[str, ...] = ()
