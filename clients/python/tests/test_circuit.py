"""The circuit as a state machine: no server, no thread, no clock of its own."""

import itertools

from paracle_cache._failsafe.circuit import PROBE_INTERVAL, Circuit


def failing(circuit: Circuit, times: int) -> list[bool]:
    return [circuit.failed(circuit.admit() or 0) for _ in range(times)]


def test_three_failures_in_a_row_open_it():
    circuit = Circuit()
    assert failing(circuit, 3) == [False, False, True]
    assert circuit.is_open
    assert circuit.admit() is None


def test_an_answer_in_between_starts_the_count_again():
    circuit = Circuit()
    failing(circuit, 2)
    circuit.succeeded(circuit.admit())
    assert failing(circuit, 3) == [False, False, True]


def test_calls_in_flight_when_it_opened_open_it_no_second_time():
    circuit = Circuit()
    tickets = [circuit.admit() for _ in range(64)]
    assert [circuit.failed(ticket) for ticket in tickets].count(True) == 1


def test_a_late_answer_does_not_close_it():
    circuit = Circuit()
    early = circuit.admit()
    failing(circuit, 3)
    circuit.succeeded(early)
    assert circuit.is_open


def test_late_failures_of_before_do_not_count_after_it_closed():
    circuit = Circuit()
    tickets = [circuit.admit() for _ in range(10)]
    for ticket in tickets[:3]:
        circuit.failed(ticket)
    circuit.close()
    assert not any(circuit.failed(ticket) for ticket in tickets[3:])
    assert not circuit.is_open
    assert circuit.failures == 0


def test_closing_tells_how_long_it_was_open():
    clock = itertools.count(100).__next__  # One second a reading.
    circuit = Circuit(clock=clock)
    failing(circuit, 3)
    assert circuit.close() == 1
    assert circuit.admit() is not None


def test_probes_are_spread_by_a_fifth_around_half_a_second():
    assert PROBE_INTERVAL == 0.5
    circuit = Circuit()
    failing(circuit, 3)
    assert (circuit.probe_delay(0.0), circuit.probe_delay(0.5)) == (0.4, 0.5)
    assert 0.59 < circuit.probe_delay(0.999) < 0.6


def test_a_healthy_service_that_answers_no_call_is_asked_less_and_less():
    circuit, delays = Circuit(), []
    for _ in range(7):
        failing(circuit, 3)
        delays.append(circuit.probe_delay(0.5))
        circuit.close()
    assert delays == [0.5, 1, 2, 4, 8, 10, 10]
    circuit.succeeded(circuit.admit())
    failing(circuit, 3)
    assert circuit.probe_delay(0.5) == 0.5
