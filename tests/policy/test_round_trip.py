"""What is written of the law is read back as it was: terms as an edition keeps them, and a notice as a file."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.keys import KEYS, TOGETHER, Key, Value
from policy.notice import Notice, Term, Terms, load
from policy.notice_file import LeftOpen, Stated, terms_of
from tests.policy.strategies import NOTICES
from tests.policy.test_golden import INVENTED

ALL = (*NOTICES, "chenglan/2031")
CITY = "某人社〔2024〕1号"
words = st.text(st.characters(categories=["L", "Nd", "P"]), min_size=1, max_size=12)


# ---- a notice as TOML ------------------------------------------------------------------------------------------


def toml(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def section(name: str, fields: Mapping[str, object]) -> str:
    lines = [f"{key} = {toml(value)}" for key, value in fields.items() if key == "value" or value not in (None, "")]
    return "\n".join([name, *lines, ""])


def of_term(term: Term, document: str) -> str:
    fields = {
        "value": term.value, "clause": term.clause, "phrase": term.phrase, "from": term.since, "until": term.until,
        "source": "" if term.document == document else term.document, "reading": term.reading,
        "outside": term.outside or None,
    }  # fmt: skip
    return section(f"[[terms.{term.key}]]", fields)


def of_choice(choice: LeftOpen) -> str:
    default = choice.default
    fields = {
        "choice": True, "default": default.value, "options": choice.options or None, "clause": default.clause,
        "phrase": default.phrase, **({} if choice.options else {"least": choice.least, "most": choice.most}),
    }  # fmt: skip
    return section(f"[terms.{default.key}]", fields)


def dumped(notice: Notice) -> str:
    """The file of this notice: what it states itself over those that it extends."""
    head = {
        "id": notice.id, "title": notice.title, "number": notice.number, "authority": notice.authority,
        "region": notice.region, "from": notice.since, "until": notice.until,
        "status": "draft" if notice.draft else "final", "extends": (*notice.lineage, "")[0],
    }  # fmt: skip
    own = [notice.stated[key] for key, by in notice.stated_by.items() if by == notice.id]
    return "\n".join(
        [
            section("[notice]", head),
            *[of_choice(stated) for stated in own if isinstance(stated, LeftOpen)],
            *[of_term(term, notice.document) for stated in own if not isinstance(stated, LeftOpen) for term in stated],
            *[section(f"[readings.{key}]", {"text": each.text, "reason": each.reason}) for key, each in notice.readings.items()],
        ]
    )


def written(notice: Notice, folder: Path) -> Notice:
    path = folder / f"{notice.id.replace('/', '-')}.toml"
    path.write_text(dumped(notice), "utf-8")
    return load(str(path), [INVENTED])


# ---- any notice ------------------------------------------------------------------------------------------------


def values(rule: Key) -> st.SearchStrategy[Value]:
    """What a term of this key may be."""
    least, most = rule.least or 0, rule.most
    by_type: dict[str, st.SearchStrategy[Value]] = {
        "decimal": st.decimals(least, 9999 if most is None else most, places=4),
        "int": st.integers(least, 9999 if most is None else most),
        "bool": st.booleans(),
        "date": st.dates(date(2000, 1, 1), date(2050, 1, 1)),
        "text": words,
        "word": st.sampled_from(sorted(rule.words) or ["-"]),
        "words": st.lists(st.sampled_from(sorted(rule.words)) if rule.words else words, unique=True).map(tuple),
    }
    return by_type[rule.type]


FREE = sorted(
    KEYS.keys() - {f"{programme}_{end}" for programme in ("refund", "skill") for end in ("from", "until")} - {*sum(TOGETHER, ())}
)


@st.composite
def laws(draw: st.DrawFn) -> list[Term]:
    """What a city may rule on top of its province: a value always, or one until a day of the year and another from it on."""
    found = []
    for key in draw(st.lists(st.sampled_from(FREE), max_size=6, unique=True)):
        rule, clause, phrase = KEYS[key], draw(words), draw(words)
        days = [(None, None)]
        if draw(st.booleans()):
            day = draw(st.dates(date(2024, 1, 2), date(2024, 12, 31)))
            days = [(None, day - timedelta(days=1)), (day, None)]
        for since, until in days:
            value = draw(values(rule))
            found.append(
                Term(key, rule.label, rule.type, value, "law", clause, "某人社〔2024〕1号", phrase, since=since, until=until)
            )
    return found


@st.composite
def choices(draw: st.DrawFn, notice: Notice) -> dict[str, str]:
    made = {}
    for choice in notice.choices():
        if not choice.locked and draw(st.booleans()):
            options = [option.value for option in choice.options]
            numbers = st.integers(int(choice.least or 0) + 1, int(choice.most or 100) or 1).map(str)
            fraction = st.decimals(choice.least or 0, choice.most or 1, places=3).map(str)
            decimal = KEYS[choice.key].type == "decimal"
            made[choice.key] = draw(st.sampled_from(options) if options else fraction if decimal else numbers)
    return made


class TestTerms:
    @pytest.mark.parametrize("name", ALL)
    @given(data=st.data())
    def test_are_read_back_from_their_canonical_text_whatever_was_chosen(self, name: str, data: st.DataObject) -> None:
        notice = load(name, [INVENTED])
        terms = notice.terms(data.draw(choices(notice)))
        again = Terms.parse(terms.canonical())
        assert again == terms
        assert (again.sha256, again.all(), dict(again.chosen)) == (terms.sha256, terms.all(), dict(terms.chosen))
        assert all(again.clause(term.key, term.since) == terms.clause(term.key, term.since) for term in terms.all())


class TestNotice:
    @pytest.mark.parametrize("name", ALL)
    def test_is_read_back_from_its_file(self, name: str, tmp_path: Path) -> None:
        notice = load(name, [INVENTED])
        assert written(notice, tmp_path) == notice

    @given(laws(), st.sampled_from([*NOTICES]))
    def test_of_a_city_is_read_back_whatever_it_rules(self, tmp_path_factory, ruled: list[Term], above: str) -> None:
        head = {
            "id": "city/2024", "title": "某市通知", "number": CITY, "authority": "某市人社局", "region": "某市",
            "from": date(2024, 1, 1), "until": date(2024, 12, 31), "status": "final", "extends": above,
        }  # fmt: skip
        folder = tmp_path_factory.mktemp("notices")
        path = folder / "city-2024.toml"
        path.write_text("\n".join([section("[notice]", head), *[of_term(term, CITY) for term in ruled]]), "utf-8")
        city, province = load(str(path)), load(above)
        stated: dict[str, Stated] = {
            key: tuple(term for term in ruled if term.key == key) for key in {term.key for term in ruled}
        }
        assert city.stated == {**province.stated, **stated}
        assert [term for key in sorted(stated) for term in terms_of(stated[key])] == [*city.stated_here()]
        assert written(city, folder) == city
        assert Terms.parse(city.terms().canonical()) == city.terms()
