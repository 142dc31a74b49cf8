"""The Tiltfile, evaluated as Starlark; what it calls of Tilt is recorded."""

import shlex
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import starlark

ROOT = Path(__file__).parents[2]
DIALECT = starlark.Dialect.extended()  # statements at the top level, as Tilt has them
DIALECT.enable_f_strings = False  # which Tilt has not

Call = dict[str, Any]

# What each function takes, as far as it is used; in the order of its places.
_FUNCTIONS: Final = {
    "version_settings": "constraint",
    "allow_k8s_contexts": "contexts",
    "ci_settings": "timeout readiness_timeout",
    "docker_build": "ref context dockerfile dockerfile_contents target only live_update",
    "fall_back_on": "files",
    "sync": "local_path remote_path",
    "k8s_yaml": "yaml",
    "k8s_resource": "workload labels extra_pod_selectors",
    "local_resource": "name cmd deps trigger_mode resource_deps auto_init serve_cmd links labels "
    "readiness_probe",
    "probe": "http_get",
    "http_get_action": "port path",
    "link": "url name",
    "_define_string": "name usage",
}
_EXTENSIONS: Final = {
    "ext://helm_resource": {
        "helm_resource": "name chart deps release_name namespace image_deps image_keys flags "
        "resource_deps labels"
    },
    "ext://namespace": {"namespace_create": "name", "namespace_inject": "yaml namespace"},
    "ext://uibutton": {"cmd_button": "name resource argv text location icon_name"},
}
_STRUCTS: Final = """
config = struct(define_string=_define_string, parse=_parse, tilt_subcommand=_subcommand)
shlex = struct(quote=_quote)
"""
_LOCATION: Final = 'location = struct(RESOURCE="resource", NAV="nav")'


@dataclass
class Tilt:
    """``subcommand`` is up or ci, ``arguments`` are those behind ``--``."""

    subcommand: str = "up"
    arguments: dict[str, str] = field(default_factory=dict)
    calls: dict[str, list[Call]] = field(default_factory=dict)
    """Under the function's name; each has what was given."""
    paths: list[str] = field(default_factory=list)
    """All that were read."""

    def evaluate(self) -> "Tilt":
        module = starlark.Module()
        for name, parameters in _FUNCTIONS.items():
            module.add_callable(name, partial(self._called, name, parameters.split()))
        module.add_callable("read_file", self._read)
        module.add_callable("k8s_context", lambda: "kind-tilt")
        module.add_callable("_parse", lambda: self.arguments)
        module.add_callable("_quote", shlex.quote)
        module["_subcommand"] = self.subcommand
        module["TRIGGER_MODE_MANUAL"] = "manual"
        self._run(module, "structs", _STRUCTS)
        self._run(module, "Tiltfile", (ROOT / "Tiltfile").read_text(encoding="utf-8"))
        return self

    def of(self, function: str) -> list[Call]:
        return self.calls.get(function, [])

    @property
    def resources(self) -> set[str]:
        local, helm = self.of("local_resource"), self.of("helm_resource")
        workloads = {call["workload"] for call in self.of("k8s_resource")}
        return {call["name"] for call in (*local, *helm)} | workloads

    def _run(self, module: starlark.Module, name: str, text: str) -> None:
        tables = starlark.Globals.extended_by([starlark.LibraryExtension.StructType])
        loader = starlark.FileLoader(self._extension)
        starlark.eval(module, starlark.parse(name, text, DIALECT), tables, loader)

    def _extension(self, name: str) -> starlark.FrozenModule:
        module = starlark.Module()
        for function, parameters in _EXTENSIONS[name].items():
            module.add_callable(function, partial(self._called, function, parameters.split()))
        if name == "ext://uibutton":
            self._run(module, name, _LOCATION)
        return module.freeze()

    def _called(self, function: str, parameters: list[str], *places: Any, **named: Any) -> Call:
        """A parameter that the original has not is an error, as in Tilt."""
        given = dict(zip(parameters, places, strict=False))
        assert len(places) <= len(parameters), function
        assert named.keys() <= set(parameters) - given.keys(), f"{function}: {sorted(named)}"
        call = {**given, **named}
        self.calls.setdefault(function, []).append(call)
        return call

    def _read(self, path: str) -> str:
        self.paths.append(path)
        return (ROOT / path).read_text(encoding="utf-8")
