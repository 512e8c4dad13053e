from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sync.store.alike import Window, fullest_spans, windows


@given(st.lists(st.integers(0, 40), max_size=25).map(sorted), st.integers(0, 15))
def test_the_fullest_span_is_what_trying_every_span_finds(times: list[int], within: int) -> None:
    tried = [
        max(sum(start <= other <= start + within for other in times) for start in times if start <= time <= start + within)
        for time in times
    ]

    assert fullest_spans(times, within) == tried


def test_both_ends_of_a_span_belong_to_it() -> None:
    assert fullest_spans([0, 5, 11], 5) == [2, 2, 1]


def test_a_window_holds_what_is_near_and_windows_do_not_touch() -> None:
    assert windows([("b", 50), ("a", 100), ("a", 110), ("a", 121), ("a", 100)], 5) == [
        Window(alike="a", begins=95, ends=115, last=110),
        Window(alike="a", begins=116, ends=126, last=121),
        Window(alike="b", begins=45, ends=55, last=50),
    ]


@given(st.lists(st.integers(0, 200), min_size=1, max_size=40).map(sorted), st.integers(0, 15), st.data())
def test_what_lies_in_the_windows_tells_the_fullest_span_of_what_is_asked(times: list[int], within: int, data: st.DataObject) -> None:
    asked = data.draw(st.sets(st.sampled_from(times)))
    held = [time for time in times if any(window.begins <= time <= window.ends for window in windows((("x", at) for at in asked), within))]

    told, near = (dict(zip(of, fullest_spans(of, within), strict=True)) for of in (times, held))
    assert {at: near[at] for at in asked} == {at: told[at] for at in asked}
