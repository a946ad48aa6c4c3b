"""A corpus of templates: what each gives, or why it is refused. No escapes, no silent blanks."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import functools
import json
import os
import subprocess
import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import template_limits
from kaizen_widgets.nodes.templates import condition_problem, holds, render, template_problem

CALLS: list[str] = []
"""Every call of code that arrived with a value; there must be none."""


def tool(*args: Any, **kwargs: Any) -> str:
    CALLS.append("tool")
    return "called"


class Customer:
    """An object of a notebook, with fields, a property and methods."""

    vip = True

    def __init__(self) -> None:
        self.name = "Ada"
        self.notify = tool
        self.orders = [{"id": 1, "total": 9.5}, {"id": 2, "total": 20}]

    @property
    def initial(self) -> str:
        return self.name[0]

    def delete(self) -> str:
        CALLS.append("delete")
        return "gone"

    def __call__(self) -> str:
        CALLS.append("customer")
        return "called"

    def __str__(self) -> str:
        return "customer Ada"


class Status(enum.Enum):
    OPEN = "open"


class Model(BaseModel):
    title: str = "Report"
    tags: list[str] = ["a", "b"]


@dataclasses.dataclass
class Point:
    x: int = 1
    y: int = 2


class LazyMapping(Mapping[str, Any]):
    """A mapping that loads each value when it is read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __getitem__(self, key: str) -> Any:
        if key not in ("a", "b"):
            raise KeyError(key)
        self.read.append(key)
        return key.upper()

    def __iter__(self) -> Iterator[str]:
        return iter(("a", "b"))

    def __len__(self) -> int:
        return 2


VALUE: dict[str, Any] = {
    "name": "Grace",
    "n": 3,
    "price": 19.99,
    "nothing": None,
    "empty": "",
    "html": "<b>&</b>",
    "rows": [{"id": 2, "city": "Bonn"}, {"id": 1, "city": "Aix"}],
    "words": ["pear", "Apple", "pear"],
    "order": {"items": ["bolt", "nut"], "keys": 3, "values": [], "count": 7, "_id": "x1"},
    "customer": Customer(),
    "model": Model(),
    "point": Point(),
    "status": Status.OPEN,
    "when": datetime.datetime(2026, 3, 1, 9, 30),  # noqa: DTZ001
    "amount": decimal.Decimal("12.50"),
    "tags": {"red"},
    "queue": deque([1, 2]),
    "ordered": OrderedDict(b=1, a=2),
    "space": SimpleNamespace(inner=SimpleNamespace(leaf="deep")),
    "search": tool,
    "partial": functools.partial(tool, 1),
    "kind": Customer,
    "module": os,
    "index": {1: "one", "two": 2},
}

GIVES = {
    # Text, numbers and names.
    "Dear {{ name }},": "Dear Grace,",
    "{{ value.name }} {{ value['name'] }}": "Grace Grace",
    "{{ n * 2 + 1 }} {{ 7 // 2 }} {{ 2 ** 10 }} {{ 7 % 4 }}": "7 3 1024 3",
    "{{ '%.2f' ~ price }}": "%.2f19.99",
    "{{ price | round(1) }}": "20.0",
    "{{ nothing }}|{{ empty }}|{{ missing | default('none') }}": "None||none",
    "{{ name.upper() }} {{ name | lower }} {{ name[:2] }} {{ name[-1] }}": "GRACE grace Gr e",
    "{{ name.replace('r', '*') }} {{ 'a,b'.split(',') | join('+') }}": "G*ace a+b",
    "{{ html }} {{ html | e }}": "<b>&</b> &lt;b&gt;&amp;&lt;/b&gt;",
    "{{ text | length }}": str(len(str(VALUE))),
    "{{ 'yes' if n > 2 else 'no' }}": "yes",
    "{{ name }}{{ ', urgent' if n > 5 }}": "Grace",
    "{{ missing is defined }} {{ name is defined }}": "False True",
    "{% set greeting = 'Hi ' ~ name %}{{ greeting }}": "Hi Grace",
    # Lists and dicts.
    "{% for row in rows %}{{ loop.index }}:{{ row.city }} {% endfor %}": "1:Bonn 2:Aix ",
    "{{ rows | sort(attribute='id') | map(attribute='city') | join(', ') }}": "Aix, Bonn",
    "{{ rows | selectattr('id', 'gt', 1) | list | length }}": "1",
    "{{ words | unique | sort | join(' ') }}": "Apple pear",
    "{{ words | length }} {{ words.count('pear') }} {{ words | first }} {{ words | last }}": "3 2 pear pear",
    "{{ words }}": "['pear', 'Apple', 'pear']",
    "{{ (words + ['kiwi']) | join(' ') }} {{ words[1:] }}": "pear Apple pear kiwi ['Apple', 'pear']",
    "{% for key, item in index.items() %}{{ key }}={{ item }};{% endfor %}": "1=one;two=2;",
    "{{ index[1] }} {{ index.get('no', 'none') }} {{ 'two' in index }}": "one none True",
    "{{ rows | groupby('city') | map('first') | join(' ') }}": "Aix Bonn",
    "{% for a, b in [(1, 2), (3, 4)] %}{{ a + b }} {% endfor %}": "3 7 ",
    "{% for i in range(3) %}{{ loop.cycle('a', 'b') }}{% endfor %}": "aba",
    "{{ rows | tojson }}": '[{"city": "Bonn", "id": 2}, {"city": "Aix", "id": 1}]',
    "{{ [1, 2, 3] | sum }} {{ [3, 1] | max }} {{ [1, 2] == [1, 2] }}": "6 3 True",
    "{{ tags | list }} {{ 'red' in tags }} {{ queue | sum }} {{ ordered }}": (
        "['red'] True 3 OrderedDict([('b', 1), ('a', 2)])"
    ),
    # Fields that are named like methods.
    "{{ order.items | join('+') }} {{ order.keys }} {{ order.values }} {{ order.count }}": (
        "bolt+nut 3 [] 7"
    ),
    "{{ order._id }} {{ order['_id'] }}": "x1 x1",
    "{% for key, item in rows[0].items() %}{{ key }}{% endfor %}": "idcity",
    # Objects, models, dataclasses, scalars of the standard library.
    "{{ customer.name }} {{ customer.vip }} {{ customer.initial }} {{ customer }}": (
        "Ada True A customer Ada"
    ),
    "{{ customer.orders[0].total }} {{ customer.orders | sum(attribute='total') }}": "9.5 29.5",
    "{{ model.title }} {{ model.tags | join }} {{ point.x + point.y }}": "Report ab 3",
    "{{ status.value }} {{ status.name }}": "open OPEN",
    "{{ when.year }} {{ when }}": "2026 2026-03-01 09:30:00",
    "{{ amount * 2 }} {{ amount > 12 }}": "25.00 True",
    "{{ space.inner.leaf }}": "deep",
    # What templates define themselves.
    "{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}{{ twice('ab') }}": "abab",
    "{% for x in [1, [2, [3]]] recursive %}{{ x if x is number else loop(x) }}{% endfor %}": "123",
    "{% filter upper %}{{ name }}{% endfilter %}": "GRACE",
    "{{ 'line one\nline two' | indent(2) }}": "line one\n  line two",
}

REFUSED = {
    # Missing names and fields: an error that names them, never empty text.
    "{{ missing }}": "'missing' is undefined",
    "{{ value.missing }}": "'missing'",
    "{{ value['missing'] }}": "missing",
    "{{ name.missing }}": "text has no field or usable method 'missing'",
    "{{ customer.missing }}": "an object has no field or usable method 'missing'",
    "{{ words[7] }}": "has no item 7",
    "{{ rows[0].missing.deeper }}": "'missing'",
    "{% if missing %}x{% endif %}": "'missing' is undefined",
    "{{ rows | map(attribute='missing') | list }}": "'missing'",
    "{{ rows | map(attribute='missing') | join }}": "'missing'",
    "{{ [] | first }}": "empty",
    "{% for x in missing %}{% endfor %}": "'missing' is undefined",
    "{{ 'a' ~ missing }}": "'missing' is undefined",
    # Code that arrived with the value.
    "{{ search('x') }}": "cannot be called",
    "{{ value.search('x') }}": "no method",
    "{{ value['search']('x') }}": "cannot be called",
    "{{ partial() }}": "cannot be called",
    "{{ partial.func() }}": "",
    "{{ kind() }}": "cannot be called",
    "{{ customer() }}": "cannot be called",
    "{{ customer.delete() }}": "'delete'",
    "{{ customer.notify() }}": "'notify'",
    "{{ module.system('true') }}": "'system'",
    "{{ module.environ }}": "'environ'",
    "{{ [search] | map('call') | list }}": "No filter named",
    "{% call search() %}x{% endcall %}": "cannot be called",
    # The ways out of sandboxes.
    "{{ ().__class__.__base__.__subclasses__() }}": "no method",
    "{{ name.__class__ }}": "unsafe",
    "{{ ''['__class__'] }}": "unsafe",
    "{{ customer.__init__.__globals__ }}": "unsafe",
    "{{ search.__globals__ }}": "unsafe",
    "{{ '{0.__class__}'.format(1) }}": "'format'",
    "{{ '{x.__class__}'.format_map(value) }}": "'format_map'",
    "{{ '%s' % name }}": "numbers only",
    "{{ self.__init__ }}": "",
    "{{ self._TemplateReference__context }}": "",
    "{{ cycler.__init__ }}": "'cycler' is undefined",
    "{{ range.__self__ }}": "unsafe",
    "{{ [1] | map(attribute='__class__') | list }}": "unsafe",
    "{{ loop }}": "'loop' is undefined",
    "{{ words.append(1) }}": "'append'",
    "{{ order.update({'a': 1}) }}": "'update'",
    "{{ order.pop('keys') }}": "'pop'",
    # Growth in one step, and in many.
    "{{ 'x' * 100000000 }}": "more than 10,000,000",
    "{{ [1] * 100000000 }}": "more than 10,000,000",
    "{{ 100000000 * 'x' }}": "more than 10,000,000",
    "{{ ('a' * 100000).replace('a', 'a' * 30000) | length }}": "more than 10,000,000",
    "{{ ('a' * 100000) | replace('a', 'b' * 30000) | length }}": "more than 10,000,000",
    "{{ (['a' * 100000] * 30000) | join | length }}": "more than 10,000,000",
    "{{ ''.join(['a' * 100000] * 30000) | length }}": "more than 10,000,000",
    "{{ ('a' * 100000).join(['b'] * 30000) | length }}": "more than 10,000,000",
    "{{ ('\n' * 9000000) | indent(100000) | length }}": "more than 10,000,000",
    "{{ (1).to_bytes(2000000000, 'big') }}": "'to_bytes'",
    "{{ 'x'.center(1000000000) }}": "'center'",
    "{{ 'x' | center(1000000000) }}": "above 100,000",
    "{{ 'x'.ljust(1000000000) }}": "'ljust'",
    "{{ 'x'.zfill(1000000000) }}": "'zfill'",
    "{{ [1] | batch(1000000000, 'x') | list }}": "above 100,000",
    "{{ [1] | slice(1000000000) | list }}": "above 100,000",
    "{{ 1.5 | round(1000000000, 'ceil') }}": "above 100,000",
    "{{ range(1000000000) | list }}": "above 100,000",
    "{{ 10 ** 100000 }}": "too large to raise",
    "{% set a = 'x' * 1000000 %}" + "{% set a = a ~ a %}" * 10 + "{{ a | length }}": "more than",
    "{% set a = 'x' * 1000000 %}" + "{% set a = a + a %}" * 10 + "{{ a | length }}": "more than",
    "{% set a = 9 %}" + "{% set a = a * a %}" * 40 + "{{ a }}": "too large to multiply",
    "{% set a = [1] %}" + "{% set a = [a, a] %}" * 60 + "{{ a }}": "nested items",
    "{% set a = [1] %}" + "{% set a = [a, a] %}" * 60 + "{{ a | string | length }}": "nested items",
    "{% set a = [1] %}" + "{% set a = [a, a] %}" * 60 + "{{ a | tojson | length }}": "nested items",
    "{% set a = [1] %}{% set b = [1] %}"
    + "{% set a = [a, a] %}{% set b = [b, b] %}" * 60
    + "{{ a == b }}": "nested items",
    "{% set a = (1, 2) %}" + "{% set a = (a, a) %}" * 60 + "{{ {a: 1} | length }}": "nested items",
    "{% set a = (1, 2) %}"
    + "{% set a = (a, a) %}" * 60
    + "{{ [a] | unique | list }}": "nested items",
    "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}": "",
}


@pytest.fixture(autouse=True)
def nothing_is_called() -> Iterator[None]:
    CALLS.clear()
    yield
    assert CALLS == []


def test_the_corpus_has_more_than_fifty_templates_of_each_sort():
    assert len(GIVES) + len(REFUSED) > 100
    assert len(GIVES) > 40


@pytest.mark.parametrize("source", GIVES)
def test_a_template_gives_what_it_says(source: str):
    assert template_problem(source) is None
    assert render(source, VALUE) == GIVES[source]


@pytest.mark.parametrize("source", REFUSED, ids=lambda source: source[:60])
def test_a_template_that_asks_for_what_it_must_not_is_refused(source: str):
    said = template_problem(source)
    if said is None:
        with pytest.raises(RunError) as caught:
            render(source, VALUE)
        said = str(caught.value)
    assert REFUSED[source] in said


@pytest.mark.parametrize(
    "source",
    [
        "{{ text",
        "{% for x in y %}",
        "{{ text | unknown }}",
        "{{ text is unknown }}",
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% unknown %}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{% for a in [1] %}" * 25 + "x" + "{% endfor %}" * 25,
        "{% if a %}" * 200 + "x" + "{% endif %}" * 200,
        "{{ " + "9" * 5000 + " }}",
        "{{ " + "-" * 5000 + "1 }}",
        "{{ " + "[" * 200 + "]" * 200 + " }}",
        "{{ 'a' }}" + "{{ a." + "b." * 5000 + "c }}",
    ],
    ids=lambda source: source[:30],
)
def test_a_template_that_cannot_work_is_told_before_the_run(source: str):
    problem = template_problem(source)
    assert problem is not None
    assert "\n" not in problem
    with pytest.raises(RunError):
        render(source, VALUE)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "text in (",
        "text in",
        "a b",
        "text }} {{ text",
        "{% if x %}",
        "(" * 3000 + "1" + ")" * 3000,
        "text | unknown",
        "9" * 5000,
    ],
    ids=lambda source: source[:30],
)
def test_a_condition_that_cannot_work_is_told_before_the_run(source: str):
    assert condition_problem(source)
    with pytest.raises(RunError):
        holds(source, VALUE)


def test_an_error_names_its_line():
    assert "(line 3)" in (template_problem("one\ntwo\n{{ three") or "")
    assert "line" not in (template_problem("{{ one") or "")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("order.items | length == 2", True),
        ("order['items'] | length == 2", True),
        ("order.keys == 3", True),
        ("order.values", False),
        ("customer.vip and n >= 3", True),
        ("'Bonn' in rows | map(attribute='city') | list", True),
        ("status.value == 'open'", True),
        ("words == ['pear', 'Apple', 'pear']", True),
        ("missing is defined", False),
        ("nothing is none", True),
        ("not empty", True),
        ("when.year > 2025", True),
        ("value | length > 20", True),
    ],
)
def test_a_condition_reads_data(condition: str, expected: bool):
    assert holds(condition, VALUE) is expected


def test_a_field_called_result_can_be_compared():
    assert holds("result == 'ok'", {"result": "ok"})


def test_only_what_is_asked_for_is_read():
    lazy = LazyMapping()
    assert render("{{ a }}", lazy) == "A"
    assert lazy.read == ["a"]
    nested = {"lazy": lazy, "other": LazyMapping()}
    assert render("{{ lazy.b }}", nested) == "B"
    assert lazy.read == ["a", "b"]
    assert nested["other"].read == []


def test_a_value_stays_as_it_was():
    value = {"rows": [1, 2], "text": "t", "counts": defaultdict(int)}
    render("{% for row in rows %}{{ row }}{% endfor %}{{ rows | sort | reverse | list }}", value)
    assert (
        render("{{ counts.new | default('none') }}{{ counts['x'] | default(0) }}", value) == "none0"
    )
    assert value == {"rows": [1, 2], "text": "t", "counts": {}}


def test_numbers_and_texts_of_numpy_are_plain_data(tmp_path: Any, monkeypatch: pytest.MonkeyPatch):
    numpy = pytest.importorskip("numpy")
    monkeypatch.chdir(tmp_path)
    value = {
        "score": numpy.float64(1.5),
        "small": numpy.float32(0.5),
        "count": numpy.int64(3),
        "flag": numpy.bool_(True),
        "name": numpy.str_("x"),
        "array": numpy.array([[1, 2], [3, 4]]),
        "long": numpy.zeros(2_000_000),
    }
    said = "{{ score }} {{ small }} {{ count + 1 }} {{ flag }} {{ name.upper() }} {{ array[1][0] }}"
    assert render(said, value) == "1.5 0.5 4 True X 3"
    assert render("{{ array | length }} {{ array }}", value) == "2 [[1, 2], [3, 4]]"
    assert holds("score > 1 and count == 3 and flag", value)
    for attack in (
        "score.tofile('written')",
        "name.dump('written')",
        "array.tofile('written')",
        "array.dump('written')",
        "count.dumps()",
        "score.data",
        "long[0]",
    ):
        with pytest.raises(RunError):
            render("{{ " + attack + " }}", value)
    assert list(tmp_path.iterdir()) == []


def test_a_template_ends_after_its_time(monkeypatch: pytest.MonkeyPatch):
    seconds = iter(range(1000))
    loop = "{% for i in range(100000) %}{% endfor %}"
    with pytest.raises(RunError, match="takes longer than 5 seconds"):
        render(loop, {}, monotonic=lambda: float(next(seconds)))


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% for i in range(100000) %}{{ range(100000) | list | length }}{% endfor %}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        "{% for x in [[1, 1], [1, 1]] recursive %}{{ loop([x, x]) }}{% endfor %}",
        "{% for i in range(100000) %}{{ text.count('x') }}{% endfor %}",
        "{% for i in range(100000) %}{{ text | upper | length }}{% endfor %}",
    ],
    ids=lambda source: source[:50],
)
def test_a_template_that_loops_without_end_is_stopped(source: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(template_limits, "MAX_STEPS", 20_000)
    monkeypatch.setattr(template_limits, "MAX_TOTAL", 2_000_000)
    with pytest.raises(RunError):
        render(source, "y" * 1000)


def test_large_data_passes_through_a_template():
    rows = [{"id": number} for number in range(50_000)]
    said = render("{% for row in rows %}{{ row.id }},{% endfor %}", {"rows": rows})
    assert said == "".join(f"{number}," for number in range(50_000))
    assert render("{{ text }}", "x" * 5_000_000) == "x" * 5_000_000


def test_growth_takes_no_memory():
    """In a process of its own, with 1 GB above what it needs to start."""
    sources = [source for source in REFUSED if "more than" in REFUSED[source]]
    code = (
        "import json, resource, sys\n"
        "from kaizen_widgets.errors import RunError\n"
        "from kaizen_widgets.nodes.templates import render\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))\n"
        "for source in json.load(sys.stdin):\n"
        "    try:\n"
        "        render(source, {})\n"
        "    except RunError as error:\n"
        "        assert 'nested too deeply' not in str(error) and 'Memory' not in str(error), error\n"
    )
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("the size of a process is read from /proc")
    subprocess.run([sys.executable, "-c", code], input=json.dumps(sources), text=True, check=True)
