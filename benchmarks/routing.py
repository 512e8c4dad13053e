"""How many leads a second are given to a pool in fair turns, each lead passing over a member who failed it.

Ratios in one run, each with its limit, and the promise:

    turns / bare heaps      giving leads, to a bare loop that moves an entry of each of two heaps of as many members for every lead
    ten times the reps      the same leads over a pool of ten times the reps, to the pool itself: no lead costs a look at every rep
    turns / looking at all  giving leads, to the rule as it is written down, rep by rep
    territories             leads of five territories, of which most members may get none, to the rule rep by rep

Seconds are those of the processor, so that a busy machine changes no ratio. `--per-second` is the promise for one core; 0 leaves it out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from heapq import heappop, heappush
from random import Random
from time import process_time
from zoneinfo import ZoneInfo

from measured import exit_if_beyond

from sync.agreement.criteria import FieldType, compile_criterion
from sync.fair import Seat, next_owner
from sync.route import PoolRules, Routing

REPS, TERRITORIES = 200, 5
FEWER = 10  # the slow ways are measured with so many times fewer leads
LIMITS = {"turns / bare heaps": 20.0, "ten times the reps": 2.0, "turns / looking at all": 0.25, "territories": 1.5}


def pool(reps: int) -> tuple[Seat, ...]:
    return tuple(Seat(owner=str(number), weight=1 + number % 3 / 2) for number in range(reps))


def failures(leads: int, reps: int) -> list[tuple[str]]:
    rng = Random(7)
    return [(str(rng.randrange(reps)),) for _ in range(leads)]


def turns(leads: int, reps: int) -> float:
    """Give leads that one member each has failed; return the seconds."""
    routing, failed = Routing(seats={"sdr": pool(reps)}), failures(leads, reps)
    began = process_time()
    for one in failed:
        routing.give("sdr", failed=one, takes_turn=True)
    took = process_time() - began
    print(f"  {leads:>9,} leads over {reps:,} reps: {leads / took:,.0f} a second")
    return took


def bare_heaps(leads: int, reps: int) -> float:
    """Move an entry of each of two heaps for every lead; return the seconds."""
    early, due = [(n / reps, n, 0) for n in range(reps)], [(1 + n / reps, n, 0) for n in range(reps)]
    began = process_time()
    for _ in range(leads):
        for heap in (early, due):
            when, n, version = heappop(heap)
            heappush(heap, (when + 1.0, n, version + 1))
    return process_time() - began


def looking_at_all(could: Sequence[Sequence[Seat]]) -> float:
    """Give leads by the rule as it is written down to those who could get each; return the seconds."""
    owed: dict[str, float] = {}
    began = process_time()
    for seats in could:
        owner = next_owner(seats, owed=owed, among=REPS)
        whole = sum(seat.weight for seat in seats)
        for seat in seats:
            owed[seat.owner] = owed.get(seat.owner, 0.0) + seat.weight / whole
        owed[owner] -= 1
    return process_time() - began


def territories(leads: int) -> float:
    """Give leads of five territories, one after the other; return the seconds."""
    seats, zone = pool(REPS), ZoneInfo("UTC")
    each = [compile_criterion(f"country = '{number}'", fields={"country": FieldType.TEXT}, zone=zone) for number in range(TERRITORIES)]
    rules = PoolRules(territories={seat.owner: each[number % TERRITORIES] for number, seat in enumerate(seats)})
    routing = Routing(seats={"sdr": seats}, rules={"sdr": rules})
    began = process_time()
    for number in range(leads):
        here = each[number % TERRITORIES]
        routing.give("sdr", failed=(), takes_turn=True, fits=here.__eq__)
    took = process_time() - began
    print(f"  {leads:>9,} leads of {TERRITORIES} territories: {leads / took:,.0f} a second")
    return took


def measure(leads: int) -> tuple[dict[str, float], float]:
    """Return the ratios, and how many leads a second were given."""
    took, few = turns(leads, REPS), leads // FEWER
    among_all = looking_at_all([tuple(seat for seat in pool(REPS) if seat.owner != failed) for (failed,) in failures(few, REPS)])
    of_territory = [pool(REPS)[number::TERRITORIES] for number in range(TERRITORIES)]
    ratios = {
        "turns / bare heaps": took / bare_heaps(leads, REPS),
        "ten times the reps": turns(leads, REPS * 10) / took,
        "turns / looking at all": took / leads / (among_all / few),
        "territories": territories(few) / looking_at_all([of_territory[number % TERRITORIES] for number in range(few)]),
    }
    return ratios, leads / took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=100_000, help="a thousand at least; default %(default)s")
    parser.add_argument("--slack", type=float, default=1.0, help="multiply the limits by so much: few leads on a busy machine")
    parser.add_argument("--per-second", type=int, default=50_000, help="the promise for one core; 0: none; default %(default)s")
    asked = parser.parse_args()
    ratios, per_second = measure(asked.leads)
    exit_if_beyond({name: limit * asked.slack for name, limit in LIMITS.items()}, ratios, complaint="routing is too slow")
    if per_second < asked.per_second:
        sys.exit(f"{per_second:,.0f} leads a second; {asked.per_second:,} are promised")


if __name__ == "__main__":
    main()
