"""A correction as bytes, for quarantine: JSON behind a magic, read back as strictly as anything from outside."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from application.ports import CannotUnderstand
from domain.errors import BadReadings
from domain.measurement import Correction

MAGIC = b"WLC1"
LARGEST = 1 << 16

Name = Annotated[str, Field(min_length=1, max_length=128)]
Said = Annotated[str, Field(min_length=1, max_length=10_000)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    device: Name
    meter: Name
    start: AwareDatetime
    energy_wh: int
    reactive_varh: int
    by: Said
    why: Said


class WattledgerCorrections:
    """CorrectionRecords."""

    def record(self, device: str, correction: Correction) -> bytes:
        content = _Record(
            device=device,
            meter=correction.meter,
            start=correction.start,
            energy_wh=correction.energy_wh,
            reactive_varh=correction.reactive_varh,
            by=correction.by,
            why=correction.why,
        )
        return MAGIC + content.model_dump_json().encode()

    def correction(self, data: bytes) -> tuple[str, Correction]:
        if len(data) > LARGEST or not data.startswith(MAGIC):
            raise CannotUnderstand(f"a record of {len(data)} bytes is no correction: it does not begin with WLC1")
        try:
            read = _Record.model_validate_json(data[len(MAGIC) :])
            content = read.model_dump()
            return content.pop("device"), Correction(**content)
        except (ValidationError, BadReadings) as error:
            raise CannotUnderstand(f"a record of {len(data)} bytes holds no correction that can be") from error
