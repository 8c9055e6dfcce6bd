"""How a kind of spreadsheet is declared: its cells, its key, what its codes refer to, what is checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.db import models
from django.utils.timezone import localtime
from import_export.fields import Field
from import_export.resources import Resource
from import_export.widgets import Widget

from agency.models import Import, Role
from agency.sealed import BlindIndexField, SealedField
from sheets import values
from sheets.columns import Column

_SQL_TYPES = {
    "BooleanField": "boolean",
    "DateField": "date",
    "DateTimeField": "timestamptz",
    "IntegerField": "bigint",
    "PositiveSmallIntegerField": "bigint",
}
# SQL of the codes of the regions that the loader may write to.
WITHIN = (
    "SELECT code FROM agency_region WHERE EXISTS (SELECT FROM unnest(%(scope)s::text[]) prefix WHERE starts_with(path, prefix))"
)


class UnknownKind(Exception):
    """No spreadsheet kind of this name; says which there are."""


class _Shown(Widget):
    """How a value is written into an exported cell; a sealed one is masked."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "是" if value else "否"
        if isinstance(value, datetime):
            return localtime(value).strftime("%Y-%m-%d %H:%M:%S")
        return str(value)


SHOWN = _Shown()


class Cell(Field):
    """One column of a spreadsheet: what `sheets` reads and django-import-export writes.

    `attribute` is the model's field (default: the cell's own name), or a path such as `enterprise__uscc` for a code
    that only refers to another row. `filled`: an empty cell is an error of its row. `empty` is what an empty cell
    means, as canonical text, where that is not `unknown` (default: the model field's default,
    where that may not be null and the cell need not be filled). `options`: words that the template offers where others
    are taken too."""

    def __init__(
        self,
        header: str,
        value: values.Kind,
        *,
        aliases: tuple[str, ...] = (),
        filled: bool = False,
        attribute: str | None = None,
        empty: str | None = None,
        note: str = "",
        options: tuple[str, ...] = (),
    ) -> None:
        super().__init__(attribute=attribute, column_name=header, widget=SHOWN)
        self.value, self.aliases, self.filled, self.empty, self.note = value, aliases, filled, empty, note
        self.options = options
        self.name = ""
        self.model_field: models.Field[Any, Any] | None = None

    def bind(self, name: str, model: type[models.Model]) -> None:
        """Learn the name and the model's field."""
        self.name = name
        self.attribute = self.attribute or name
        if "__" in self.attribute:
            return
        field = model._meta.get_field(self.attribute)
        self.model_field = field
        default = field.get_default()
        if self.empty is None and not (field.null or self.filled or default is None):
            self.empty = str(default).lower() if isinstance(default, bool) else str(default)

    @property
    def is_sealed(self) -> bool:
        return isinstance(self.model_field, SealedField)

    @property
    def sql_type(self) -> str:
        """Of the staged column. A number has the model's own scale: to bring it to that for each row that lands would take a
        sixth of the time of landing. Whole numbers have room to be reckoned with."""
        if self.model_field is None:
            return "text"
        if isinstance(self.model_field, models.DecimalField):
            return f"numeric({self.model_field.max_digits}, {self.model_field.decimal_places})"
        return _SQL_TYPES.get(self.model_field.get_internal_type(), "text")

    @property
    def column(self) -> Column:
        return Column(
            self.name, self.column_name, self.aliases, self.value, required=self.filled, filled=self.filled, note=self.note,
            options=self.options, empty=self.empty, apart=self.is_sealed,
        )  # fmt: skip


@dataclass(frozen=True)
class Reference:
    """Another table that a cell's code refers to, joined as `alias` wherever SQL names it: `alias.field = s.cell`. A sealed
    cell is matched by its blind index, so `field` is then the other table's index column, and `missing` names no code.

    With `missing`, a row without it is an error with this reason ({} stands for the code); a voided row counts as
    missing. `fills` is the column of the model that takes the primary key found. `on` replaces the whole condition."""

    alias: str
    model: type[models.Model]
    cell: str
    field: str = ""
    missing: str = ""
    fills: str = ""
    on: str = ""


@dataclass(frozen=True)
class Check:
    """A business check: rows where `where` holds get `reason` on `cell`, as an error, or as a warning to be acknowledged.

    SQL over `s` (the staged row, by cell names; `s.number` its row in the sheet), `t` (the stored row of the same key)
    and the references; a sealed cell is compared by its blind index, `s.cell_index`. `join` is a further JOIN that it
    needs. `{rows}` is the staging table, `{issues}` what was found so far (row, level), and the kind's `prepared` tables
    go by their names. Parameters: %(today)s, %(import)s, %(region)s, %(scope)s, %(own)s, %(absent)s (cells whose column the file
    lacks: staged as empty, left as stored), and those of the kind. Each {} in `reason` is filled by one SQL expression of
    `figures`."""

    cell: str
    where: str
    reason: str
    figures: tuple[str, ...] = ()
    warning: bool = False
    join: str = ""


class SheetResource(Resource):
    """A kind of spreadsheet. Subclasses are decorated with `declare` and say:"""

    kind: ClassVar[str] = ""  # its word
    title: ClassVar[str] = ""  # its Chinese name
    key: ClassVar[tuple[str, ...]] = ()  # cells that say which row is the same
    references: ClassVar[tuple[Reference, ...]] = ()
    computed: ClassVar[Mapping[str, str]] = {}  # model column -> SQL, for what no cell holds
    regions: ClassVar[tuple[str, ...]] = ()  # SQL of the region codes of a row; each must lie within the loader's posts
    region_cell: ClassVar[str] = ""  # the cell blamed when it does not
    own_cell: ClassVar[str] = ""  # the cell that names whose a row is; an enterprise may then load its own rows
    prepared: ClassVar[Mapping[str, str]] = {}  # name -> SELECT, made once, in order, for the checks that join it as {name}
    checks: ClassVar[tuple[Check, ...]] = ()
    after: ClassVar[tuple[Callable[..., None], ...]] = ()  # called as (staging, *, by, at) once the rows have landed
    roles: ClassVar[frozenset[str]] = frozenset({Role.PREPARER})  # who may load it
    second_person: ClassVar[bool] = False  # another person confirms
    second_person_cells: ClassVar[tuple[str, ...]] = ()  # another person confirms a change of these in a stored row
    settings: ClassVar[Mapping[str, tuple[str, ...]]] = {}  # what `--set` takes: name -> words

    voided = Cell("作废", values.yes_no, note="填 是：此行不再计入，仍可查阅")

    def import_data(self, *args: Any, **kwargs: Any) -> Any:
        """Rows come in through the pipeline alone."""
        raise TypeError("spreadsheets are imported by agency.actions.imports, not row by row")

    def get_queryset(self) -> "models.QuerySet[Any]":
        """What an export without a queryset writes."""
        return self._meta.model.objects.all()

    def parameters(self, at: datetime) -> dict[str, Any]:
        """Further parameters of this kind's SQL."""
        return {}

    @property
    def model(self) -> type[models.Model]:
        return self._meta.model

    @cached_property
    def cells(self) -> dict[str, Cell]:
        return dict(self.fields)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What `sheets` reads and templates are made of."""
        return tuple(cell.column for cell in self.cells.values())

    def confirm_roles(self) -> frozenset[str]:
        """Who may confirm: who may load it, and the second reviewer."""
        return self.roles | {Role.REVIEWER}


_KINDS: dict[str, SheetResource] = {}


def declare(resource: type[SheetResource]) -> type[SheetResource]:
    """Bind a kind's cells to its model and make it known by its word."""
    resource.fields.move_to_end("voided")
    inherited = resource.fields["voided"]
    resource.fields["voided"] = Cell(inherited.column_name, inherited.value, note=inherited.note)
    for name, cell in resource.fields.items():
        cell.bind(name, resource._meta.model)
    _KINDS[resource.kind] = resource()
    return resource


def kind_of(word: str) -> SheetResource:
    """The kind of this word. Raises UnknownKind."""
    if word not in _KINDS:
        raise UnknownKind(f"没有名为 {word} 的表格种类；现有：{'、'.join(sorted(_KINDS))}。")
    return _KINDS[word]


def kinds() -> dict[str, SheetResource]:
    """Every kind, by its word."""
    return dict(_KINDS)


def index_column(cell: Cell) -> str:
    """The column of a sealed cell's blind index."""
    for field in cell.model_field.model._meta.get_fields() if cell.model_field else ():
        if isinstance(field, BlindIndexField) and field.of == cell.attribute:
            return field.column
    raise LookupError(f"{cell.name} has no blind index")


def parameters_of(resource: SheetResource, imp: Import, scope: list[str], at: datetime) -> dict[str, Any]:
    """What the SQL of a kind may name."""
    settings = {name: imp.settings.get(name, "") for name in resource.settings}
    common = {"today": at.date(), "import": imp.pk, "region": imp.region_id, "scope": scope}
    common["own"] = imp.settings.get("own", "")
    return common | settings | resource.parameters(at)
