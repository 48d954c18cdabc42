"""The strict shape of a profile for meters that push over MQTT."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from adapters.meter_profiles.reading import Part
from adapters.meter_profiles.values import Checks, Counters, Identifier, Text, Texts, Valued, check_counters
from domain.push_profile import PushedValue, PushProfile, TimeIn

Step = Annotated[str, Field(min_length=1, max_length=100)] | Annotated[int, Field(ge=0, le=1000)]
Steps = Annotated[list[Step], Field(min_length=1, max_length=8)]


class ValuePart(Valued):
    """One entry of `values`: `path` is the keys (and places in lists) that lead to the number."""

    path: Steps

    def to_domain(self) -> PushedValue:
        return PushedValue(self.name, tuple(self.path), self.unit, self.scale)


class TimePart(Part):
    """`[time]`: where the payload says when it was measured."""

    path: Steps
    format: Literal["iso", "epoch_s", "epoch_ms"]

    def to_domain(self) -> TimeIn:
        return TimeIn(tuple(self.path), self.format)


class MqttFile(Part):
    """A whole file."""

    schema_: Annotated[Literal["wattledger-mqtt-meter/1"], Field(alias="schema")]
    id: Identifier
    version: Annotated[int, Field(ge=1, le=9999)]
    name: Text
    topic: Text
    checks: Checks
    uncounted: Counters
    warnings: Texts = Field(default=[])
    sources: Annotated[Texts, Field(min_length=1)]
    conflicts: Texts
    most_bytes: Annotated[int, Field(ge=16, le=1 << 18)]
    time: TimePart | None = None
    serial: Steps | None = None
    values: Annotated[list[ValuePart], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _values_agree(self) -> "MqttFile":
        check_counters([value.name for value in self.values], self.uncounted)
        names = [value.name for value in self.values]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{twice[0]} is there twice; remove one")
        if self.topic.count("{device}") != 1 or set("+#") & set(self.topic):
            raise ValueError("topic holds {device} once, for the name of one device, and neither + nor #")
        return self

    def to_domain(self) -> PushProfile:
        return PushProfile(
            id=self.id,
            version=self.version,
            name=self.name,
            topic=self.topic,
            values=tuple(part.to_domain() for part in self.values),
            time=None if self.time is None else self.time.to_domain(),
            most_bytes=self.most_bytes,
            checks=tuple(self.checks),
            uncounted=tuple(self.uncounted),
            warnings=tuple(self.warnings),
            sources=tuple(self.sources),
            conflicts=tuple(self.conflicts),
            serial=None if self.serial is None else tuple(self.serial),
        )
