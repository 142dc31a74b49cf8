from hypothesis import given
from hypothesis import strategies as st

from lexmill_api.rates import Rates


def test_a_client_may_ask_so_often_a_minute_and_then_waits() -> None:
    now = 0.0
    rates = Rates(60, clock=lambda: now)
    assert [rates.take("a").granted for _ in range(61)] == [True] * 60 + [False]
    assert rates.take("b").granted
    refused = rates.take("a")
    assert (refused.left, refused.seconds) == (0, 1)
    now = 1.0
    assert rates.take("a").granted
    assert not rates.take("a").granted


def test_a_client_is_told_what_is_left() -> None:
    rates = Rates(60, clock=lambda: 0.0)
    first = rates.take("a")
    assert rates.headers(first) == {
        "RateLimit-Policy": '"client";q=60;w=60',
        "RateLimit": '"client";r=59;t=1',
    }
    for _ in range(60):
        last = rates.take("a")
    assert rates.headers(last)["Retry-After"] == "1"


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=200), st.integers(1, 100))
def test_nobody_gets_more_than_a_burst_and_the_pace(pauses: list[float], per_minute: int) -> None:
    now = 0.0
    rates = Rates(per_minute, clock=lambda: now)
    granted = 0
    for pause in pauses:
        now += pause
        granted += rates.take("a").granted
        assert granted <= per_minute + now * per_minute / 60 + 1e-6


def test_many_clients_do_not_fill_the_memory() -> None:
    rates = Rates(60)
    for number in range(10_100):
        rates.take(str(number))
    assert len(rates._buckets) == 10_000
