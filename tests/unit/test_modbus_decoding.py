"""From registers to values, and which registers are asked for together."""

import math
import struct
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.meter_profiles import MeterProfiles
from adapters.modbus.decoding import bits_of, decode, values
from adapters.modbus.examining import examine
from adapters.modbus.planning import Block, plan
from domain.meter_profile import Marker, MeterProfile, Register, RegisterType, Transport, WordOrder
from tests.reference.meter_servers import sane_values, words_of

TRANSPORT = Transport(4, WordOrder.BIG, 60, 8, 1000, 1, 0)
EM340 = MeterProfiles().modbus("carlogavazzi.em340")


def profile_of(
    *registers: Register, markers: tuple[Marker, ...] = (), words: WordOrder = WordOrder.BIG
) -> MeterProfile:
    transport = replace(TRANSPORT, words=words)
    return MeterProfile("t", 1, "T", transport, registers, (), markers, ("ranges",), (), (), (), ())


def counter(type_: RegisterType, scale: str = "1", unit: str = "Wh") -> Register:
    return Register("active_energy_import", 0, type_, unit, Decimal(scale))


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (WordOrder.BIG, (0x1122, 0x3344)),
        (WordOrder.LITTLE, (0x3344, 0x1122)),
        (WordOrder.BIG_SWAPPED, (0x2211, 0x4433)),
        (WordOrder.LITTLE_SWAPPED, (0x4433, 0x2211)),
    ],
)
def test_the_four_orders_of_two_words(order: WordOrder, words: tuple[int, int]) -> None:
    assert bits_of(words, order) == 0x11223344


@given(st.sampled_from(RegisterType), st.sampled_from(WordOrder), st.integers(0, 2**64 - 1))
def test_every_type_in_every_order_is_exactly_what_was_written(
    type_: RegisterType, order: WordOrder, bits: int
) -> None:
    form = {"f32": ">f", "f64": ">d"}.get(type_.value)
    bits &= (1 << type_.bits) - 1
    number = struct.unpack(form, bits.to_bytes(type_.bits // 8, "big"))[0] if form else None
    words = [bits >> 16 * at & 0xFFFF for at in reversed(range(type_.registers))]
    if order.value.startswith("little"):
        words.reverse()
    if order.value.endswith("swapped"):
        words = [word >> 8 | (word & 0xFF) << 8 for word in words]
    (one,) = decode(profile_of(counter(type_), words=order), dict(enumerate(words)))
    if number is None:
        signed = bits - (1 << type_.bits) if type_.value[0] == "i" and bits >> type_.bits - 1 else bits
        assert one.value == signed
    elif math.isfinite(number):
        assert one.value == Decimal(number) * 1
    else:
        assert one.value is None


@given(st.lists(st.integers(0, 0xFFFF), min_size=90, max_size=90))
def test_no_registers_whatsoever_break_the_examination(words: list[int]) -> None:
    examine(EM340, dict(enumerate(words)))


def test_an_integer_counter_is_scaled_without_a_float() -> None:
    (one,) = decode(profile_of(counter(RegisterType.U32, "0.1", "kWh")), {0: 0x0FFF, 1: 0xFFFF})
    assert one.value == Decimal(0x0FFFFFFF) * 100
    assert one.step == 100


def test_a_float_counter_tells_how_coarse_it_is() -> None:
    (one,) = decode(profile_of(counter(RegisterType.F32, unit="kWh")), dict(enumerate((0x4974, 0x2400))))
    assert one.value == 10**9
    assert one.step == Decimal("62.5")


@pytest.mark.parametrize("bits", [0x7FFFFFFF, 0x7FFF1234])
def test_a_marker_with_a_mask_marks_all_that_it_covers(bits: int) -> None:
    marker = Marker(RegisterType.I32, 0x7FFF0000, 0xFFFF0000)
    (one,) = decode(profile_of(counter(RegisterType.I32), markers=(marker,)), {0: bits >> 16, 1: bits & 0xFFFF})
    assert one.value is None


def test_a_sum_with_a_part_missing_is_missing() -> None:
    marker = Marker(RegisterType.U16, 0xFFFF, 0xFFFF)
    parts = [replace(counter(RegisterType.U16), address=address) for address in (0, 1)]
    profile = profile_of(*parts, markers=(marker,))
    assert values(decode(profile, {0: 5, 1: 7})) == {"active_energy_import": 12}
    assert values(decode(profile, {0: 5, 1: 0xFFFF})) == {"active_energy_import": None}


def test_a_transformer_multiplies_energy_power_and_current_and_nothing_else() -> None:
    words = {r.address + i: w for r in EM340.registers for i, w in enumerate(written(r))}
    plain, times = (values(decode(EM340, words, Decimal(ratio))) for ratio in (1, 40))
    for name, value in plain.items():
        assert value is not None
        is_multiplied = name.startswith(("active", "reactive", "apparent", "current"))
        assert times[name] == value * (40 if is_multiplied else 1), name


def written(register: Register) -> list[int]:
    return words_of(register, sane_values()[register.quantity], EM340.transport.words)


@pytest.mark.parametrize("name", MeterProfiles().ids())
def test_a_plan_holds_every_register_once_and_whole(name: str) -> None:
    profile = MeterProfiles().modbus(name)
    blocks = plan(profile.registers, profile.transport)
    for register in profile.registers:
        assert sum(block.address <= register.address and register.end <= block.end for block in blocks) == 1
    assert all(block.count <= profile.transport.most_registers for block in blocks)
    assert len(blocks) <= 10, "an RS-485 line is slow"


def test_a_gap_is_read_over_where_it_is_narrow_and_not_where_it_is_wide() -> None:
    registers = [replace(counter(RegisterType.U16), address=address) for address in (0, 9, 19)]
    assert plan(registers, TRANSPORT) == (Block(0, 10), Block(19, 1))
