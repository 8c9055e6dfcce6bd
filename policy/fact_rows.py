"""The facts of one case as a frozen row: read from a spreadsheet's cells, kept as compact JSON. Empty is unknown."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import Field, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from sheets import values
from sheets.values import BadValue, Cell

NOT_CHECKED = "?"

Read = Callable[[Cell], Any]

_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


class FactError(ValueError):
    """A cell of a fact row that cannot be read; the message names column and value, in Chinese."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(f"{column} 列的值“{value}”：{reason}")
        self.column, self.value, self.reason = column, value, reason


class From(NamedTuple):
    """Where a field comes from: how to read its cell; what stands for an absent column; the column's name if another."""

    read: Read
    absent: str = ""
    column: str = ""


class FactRow:
    """What every kind of facts can do; the frozen dataclass below it says its fields.

    `FROM`: field -> where it comes from; two fields may share a column. `RESTORE`: field -> its value of what JSON
    kept, where that is another.
    """

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    FROM: ClassVar[Mapping[str, From]]
    RESTORE: ClassVar[Mapping[str, Callable[[Any], Any]]]

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """The column of each field, in the order of `from_cells`."""
        return _shape(cls).columns

    @classmethod
    def absent(cls) -> tuple[str, ...]:
        """What stands for the column of each field where a sheet has no such column."""
        return _shape(cls).absent

    @classmethod
    def from_row(cls, row: Mapping[str, Cell]) -> Self:
        """Facts of one spreadsheet row by column name. Raises FactError."""
        shape = _shape(cls)
        return cls.from_cells([row.get(column, absent) for column, absent in zip(shape.columns, shape.absent, strict=True)])

    @classmethod
    def from_cells(cls, cells: Sequence[Cell]) -> Self:
        """Facts of one spreadsheet row, a cell for each of `columns` in that order. Raises FactError."""
        shape, make = _shape(cls), _maker(cls)
        try:
            return make(*[read(cell) for read, cell in zip(shape.readers, cells, strict=True)])
        except BadValue:
            for column, read, cell in zip(shape.columns, shape.readers, cells, strict=True):
                try:
                    read(cell)
                except BadValue as error:
                    raise FactError(column, values.shown(cell), str(error)) from None
            raise

    @classmethod
    def from_columns(cls, columns: Sequence[Iterable[Cell]]) -> Iterator[Self]:
        """Facts of many rows at once, a column of cells for each of `columns` in that order.

        Raises BadValue; `from_cells` then tells which cell of which row.
        """
        return map(_maker(cls), *[map(read, column) for read, column in zip(_shape(cls).readers, columns, strict=True)])

    def to_json(self) -> str:
        """The facts as compact JSON (below 1 kB), as a decision keeps them; what is at its default is left out."""
        shape = _shape(type(self))
        kept = {
            name: value
            for name, value, usual in zip(shape.names, shape.values(self), shape.usual, strict=True)
            if value is not usual and value != usual
        }
        return _written(kept)

    def changed_from(self, before: Self, but: Collection[str] = ()) -> list[tuple[str, Any]]:
        """(field, its value now) of each that differs from an earlier row, but these."""
        return [
            (field.name, value)
            for field in fields(self)
            if field.name not in but and (value := getattr(self, field.name)) != getattr(before, field.name)
        ]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The facts that `to_json` wrote."""
        return _maker(cls)(**{name: cls.RESTORE.get(name, _as_is)(value) for name, value in json.loads(text).items()})


_Row = TypeVar("_Row", bound=FactRow)


class _Shape(NamedTuple):
    """One kind of facts, field by field."""

    names: tuple[str, ...]
    columns: tuple[str, ...]
    absent: tuple[str, ...]
    readers: tuple[Read, ...]
    usual: tuple[Any, ...]
    values: Callable[[Any], tuple[Any, ...]]


_shapes: dict[type[FactRow], _Shape] = {}


def _shape(kind: type[FactRow]) -> _Shape:
    if kind not in _shapes:
        _shapes[kind] = _shape_of(kind)
    return _shapes[kind]


def _shape_of(kind: type[FactRow]) -> _Shape:
    found = fields(kind)
    sources = [kind.FROM[field.name] for field in found]
    names = tuple(field.name for field in found)
    return _Shape(
        names,
        tuple(source.column or name for name, source in zip(names, sources, strict=True)),
        tuple(source.absent for source in sources),
        tuple(source.read for source in sources),
        tuple(field.default for field in found),
        attrgetter(*names),
    )


def _maker(kind: type[_Row]) -> Callable[..., _Row]:
    return kind


def _as_is(value: Any) -> Any:
    return value


def cached(read: Read) -> Read:
    """The same few thousand texts stand in a million cells."""
    return lru_cache(maxsize=1 << 14, typed=True)(read)


def word(words: Sequence[str]) -> Read:
    """Reads one of a few words."""
    return cached(values.choice(words))


yes_no = cached(values.yes_no)
count = cached(values.whole)
day = cached(values.day)
