"""What one column of a spreadsheet is called and holds; a kind of spreadsheet is a sequence of them."""

from dataclasses import dataclass

from sheets.values import Kind, text


@dataclass(frozen=True)
class Column:
    """One column.

    `name` is the field, `header` what templates and error lists print, `aliases` other headers for the same.
    `required`: the header must exist, else the file is refused. `filled`: so must every cell, else its row is
    an error. `note` and `options` go into the template beside those of `value`.
    """

    name: str
    header: str
    aliases: tuple[str, ...] = ()
    value: Kind = text
    required: bool = False
    filled: bool = False
    note: str = ""
    options: tuple[str, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether a file without this column is refused."""
        return self.required or self.filled
