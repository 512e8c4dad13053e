from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sync.store.alike import fullest_spans


@given(st.lists(st.integers(0, 40), max_size=25).map(sorted), st.integers(0, 15))
def test_the_fullest_span_is_what_trying_every_span_finds(times: list[int], within: int) -> None:
    tried = [
        max(sum(start <= other <= start + within for other in times) for start in times if start <= time <= start + within)
        for time in times
    ]

    assert fullest_spans(times, within) == tried


def test_both_ends_of_a_span_belong_to_it() -> None:
    assert fullest_spans([0, 5, 11], 5) == [2, 2, 1]
