"""The JSON schemas of Kubernetes' own objects, for each of its versions."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource


@dataclass(frozen=True)
class Schemas:
    """``folder`` has a folder for each version; theirs refuse unknown fields."""

    folder: Path
    _registries: dict[str, Any] = field(default_factory=dict)
    _validators: dict[tuple[str, str], Draft202012Validator] = field(default_factory=dict)

    def knows(self, manifest: dict[str, Any], version: str) -> bool:
        return self._file(manifest, version).exists()

    def complaints(self, manifest: dict[str, Any], version: str) -> list[str]:
        file = self._file(manifest, version)
        key = version, file.name
        if key not in self._validators:
            schema = json.loads(file.read_text(encoding="utf-8"))
            self._validators[key] = Draft202012Validator(schema, registry=self._registry(version))
        errors = self._validators[key].iter_errors(manifest)
        return [f"{error.json_path}: {error.message}" for error in errors]

    def _file(self, manifest: dict[str, Any], version: str) -> Path:
        group, _, name = manifest["apiVersion"].rpartition("/")
        parts = [manifest["kind"].lower(), *group.split(".")[:1], name]
        return self._place(version) / f"{'-'.join(part for part in parts if part)}.json"

    def _place(self, version: str) -> Path:
        return self.folder / f"v{version}-local-strict"

    def _registry(self, version: str) -> Any:
        if version not in self._registries:
            text = (self._place(version) / "_definitions.json").read_text(encoding="utf-8")
            definitions: Resource[Any] = Resource.from_contents(json.loads(text))
            self._registries[version] = definitions @ Registry()
        return self._registries[version]
