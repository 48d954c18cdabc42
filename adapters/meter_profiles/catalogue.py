"""Find a profile: by the id of one that ships, or by the path of a file."""

from functools import cached_property
from pathlib import Path
from typing import Any

from adapters.meter_profiles.modbus_schema import ModbusFile
from adapters.meter_profiles.mqtt_schema import MqttFile
from adapters.meter_profiles.reading import MODBUS, MQTT, near, one_line, parse, read_toml, shown
from domain.errors import InvalidProfile
from domain.meter_profile import MeterProfile
from domain.push_profile import PushProfile

SHIPPED = Path(__file__).parent
OF_KIND = {MODBUS: "Modbus", MQTT: "MQTT"}


class MeterProfiles:
    """The profiles of a folder and the folders in it; without a folder, the ones that ship."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or SHIPPED

    def ids(self, schema: str = MODBUS) -> tuple[str, ...]:
        """Ids of all profiles of one protocol."""
        return tuple(sorted(name for name, (_, content) in self._files.items() if content["schema"] == schema))

    def pushing(self) -> tuple[str, ...]:
        """Ids of all profiles for MQTT."""
        return self.ids(MQTT)

    def pushes(self, id_or_path: str) -> bool:
        """Whether it is a profile for MQTT. Raises `InvalidProfile`."""
        return bool(self._find(id_or_path, *OF_KIND)[1]["schema"] == MQTT)

    def path_of(self, id_or_path: str) -> Path:
        """Its file. Raises `InvalidProfile`."""
        return self._find(id_or_path, *OF_KIND)[0]

    def modbus(self, id_or_path: str) -> MeterProfile:
        """A profile of a meter that is read over Modbus. Raises `InvalidProfile`.

        `id_or_path`: an id, alone or with its version (`eastron.sdm630/1`), or the path of a `.toml` file.
        """
        return parse(*self._of(id_or_path, MODBUS), ModbusFile).to_domain()

    def mqtt(self, id_or_path: str) -> PushProfile:
        """A profile of a meter that pushes over MQTT. Raises `InvalidProfile`."""
        return parse(*self._of(id_or_path, MQTT), MqttFile).to_domain()

    def _of(self, name: str, schema: str) -> tuple[Path, dict[str, Any]]:
        path, content = self._find(name, schema)
        if content["schema"] != schema:
            raise InvalidProfile(
                f"{path}: is a profile for {OF_KIND[content['schema']]}; name one for {OF_KIND[schema]}"
            )
        return path, content

    def _find(self, name: str, *schemas: str) -> tuple[Path, dict[str, Any]]:
        if name.endswith(".toml"):
            return Path(name), read_toml(Path(name))
        alone, _, version = name.partition("/")
        if alone not in self._files:
            known = near(alone, [known for schema in schemas for known in self.ids(schema)])
            raise InvalidProfile(
                one_line(f"there is no profile {shown(name)}; {known} (a path of a .toml file names your own)")
            )
        path, content = self._files[alone]
        if version and version != str(content.get("version")):
            raise InvalidProfile(
                one_line(f"profile {alone} is here in version {content.get('version')}, not {version}; name that one")
            )
        return path, content

    @cached_property
    def _files(self) -> dict[str, tuple[Path, dict[str, Any]]]:
        found: dict[str, tuple[Path, dict[str, Any]]] = {}
        for path in sorted(self.folder.rglob("*.toml")):
            content = read_toml(path)
            name = str(content.get("id"))
            if name in found:
                raise InvalidProfile(f"{path}: profile {shown(name)} is in {found[name][0]} too; rename one of them")
            found[name] = (path, content)
        return found
