"""No input of any form, query or path makes the server fail; `make fuzz` tries two thousand of each."""

import re
from collections.abc import Callable, Iterator

import pytest

from .crawl import Found, crawl, every_route
from .inputs import usual_answers
from .trials import answered, form_inputs, get, parameters_in_code, path_inputs, post, query_inputs, reach, try_inputs
from .world import World, small_world

pytestmark = pytest.mark.django_db

USUAL_INPUTS = 4


@pytest.fixture(scope="module")
def walked(django_db_setup, django_db_blocker) -> Iterator[tuple[World, Found]]:
    with django_db_blocker.unblock(), small_world() as world:
        yield world, crawl(world)


@pytest.fixture
def world(walked) -> World:
    return walked[0]


@pytest.fixture
def found(walked) -> Found:
    return walked[1]


@pytest.fixture
def number(pytestconfig) -> int:
    return pytestconfig.getoption("--fuzz-inputs") or USUAL_INPUTS


@pytest.fixture
def same_each_time(pytestconfig) -> bool:
    return not pytestconfig.getoption("--fuzz-inputs")


@pytest.fixture
def is_wanted(pytestconfig) -> Callable[[str], bool]:
    """Whether a route is to be tried."""
    only = re.compile(pytestconfig.getoption("--fuzz-only"))
    return lambda route: only.search(route) is not None


def test_every_form_goes_somewhere(found):
    assert found.lost == []


def test_the_walk_sees_the_forms(found):
    """Routes that no walk opened, most of them undo a thing in a rare state, are tried by their paths only: their
    number may not grow unseen."""
    seen = set(found.pages) | {route for route, _signature in found.forms}
    unseen = [route for route in every_route() if route not in seen and not route.startswith("admin/")]
    assert len(found.forms) > 150
    assert len(unseen) < 100, unseen


def test_forms(world, found, is_wanted, number, same_each_time, subtests):
    for (route, _signature), (account, form) in found.forms.items():
        if not is_wanted(route):
            continue
        with subtests.test(route=route, account=account, fields=len(form.fields)):
            try_inputs(
                form_inputs(form),
                post(world.clients[account], form),
                number=number,
                same_each_time=same_each_time,
            )
    print(f"\n{len(found.forms)} formulaires, {sum(answered.values())} envois : {dict(answered)}")


def test_parameters(world, found, is_wanted, number, same_each_time, subtests):
    in_code = parameters_in_code()
    assert {"q", "page", "jour", "du"} <= in_code
    for route, accounts in found.pages.items():
        if not is_wanted(route):
            continue
        names = sorted(in_code | found.parameters[route])
        with subtests.test(route=route):
            try_inputs(
                query_inputs(list(accounts), names),
                get(world.clients, accounts),
                number=number,
                same_each_time=same_each_time,
            )


def test_paths(world, is_wanted, number, same_each_time, subtests):
    for route in every_route():
        if "<" in route and is_wanted(route):
            with subtests.test(route=route):
                try_inputs(
                    path_inputs(route, list(world.clients)),
                    reach(world.clients),
                    number=number,
                    same_each_time=same_each_time,
                )


def test_a_form_in_good_faith_says_what_a_browser_would(found):
    """The control of the reading: the form of a visitor is sent with the names that its page shows."""
    form = next(form for (route, _signature), (_account, form) in found.forms.items() if route == "usagers/nouveau/")
    sent = dict(usual_answers(form))
    assert {"last_name", "first_name", "birth_date"} <= set(sent)
