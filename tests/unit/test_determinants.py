"""What charges multiply: sums and maxima do not depend on the order in which a load arrives."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.determinants import Determinants

START = datetime(2026, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
BLOCKS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=1, max_size=12)
"""(period, Wh) of consecutive demand blocks; few different heights, so that ties are common."""


def of(blocks: list[tuple[int, int, int]]) -> Determinants:
    """Of (number, period, Wh) demand blocks of one interval each, in the order given."""
    found = Determinants.nothing(2)
    for number, period, wh in blocks:
        found.add_interval(period, wh, wh // 2, number % 2)
        found.see_block(period, wh, START + number * QUARTER)
    return found


def numbered(blocks: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    return [(number, period, wh) for number, (period, wh) in enumerate(blocks)]


@given(blocks=BLOCKS, data=st.data())
def test_the_order_of_arrival_changes_nothing(blocks: list[tuple[int, int]], data: st.DataObject) -> None:
    assert of(data.draw(st.permutations(numbered(blocks)))) == of(numbered(blocks))


@given(blocks=BLOCKS, cut=st.integers(0, 12))
def test_parts_of_a_month_add_up_to_it_whichever_comes_first(blocks: list[tuple[int, int]], cut: int) -> None:
    both = numbered(blocks)
    for first, then in ((both[:cut], both[cut:]), (both[cut:], both[:cut])):
        total = of(first)
        total.add(of(then))
        assert total == of(both)


@given(blocks=BLOCKS)
def test_adding_nothing_changes_nothing(blocks: list[tuple[int, int]]) -> None:
    total = of(numbered(blocks))
    total.add(Determinants.nothing(2))
    assert total == of(numbered(blocks))


def test_the_earliest_of_equal_peaks_is_the_peak() -> None:
    found = of([(3, 1, 40), (1, 1, 40), (2, 0, 40)])
    assert found.peak([1]) == (40, START + QUARTER)
    assert found.peak([0, 1]) == (40, START + QUARTER)


def test_a_block_in_progress_counts_with_what_it_has_so_far() -> None:
    found = Determinants.nothing(1)
    for wh in (10, 25, 60):
        found.see_block(0, wh, START)
    assert found.peak([0]) == (60, START)


def test_measured_zero_is_a_peak_of_zero_and_nothing_measured_is_none() -> None:
    assert of([(0, 1, 0)]).peak([1]) == (0, START)
    assert of([(0, 1, 0)]).peak([0]) == (0, None)


def test_reactive_energy_that_one_part_does_not_know_nobody_knows() -> None:
    known, unknown = of([(0, 0, 10)]), of([(1, 0, 10)])
    unknown.reactive_varh = None
    known.add(unknown)
    assert known.reactive_varh is None
    unknown.add(of([(2, 0, 10)]))
    assert unknown.reactive_varh is None


def test_a_copy_goes_its_own_way() -> None:
    one = of([(0, 0, 10)])
    other = one.copy()
    other.add_interval(0, 5, 5, 1)
    other.see_block(0, 99, START)
    other.forget_blocks()
    assert one == of([(0, 0, 10)])


def test_forgotten_blocks_can_be_seen_again() -> None:
    found = of([(0, 0, 10), (1, 1, 20)])
    found.forget_blocks()
    assert (found.peak_wh, found.peak_at) == ([0, 0], [None, None])
    found.see_blocks(of([(0, 0, 10), (1, 1, 20)]))
    assert found == of([(0, 0, 10), (1, 1, 20)])
