"""An image without a registry: an empty root, into which containers mount the host's programs read-only."""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path

_FOLDERS = ("dev", "etc", "proc", "root", "run", "sbin", "sys", "tmp", "usr", "var/lib/nginx", "var/log/nginx")
_LINKS = ("bin", "lib", "lib64")
_FILES = {
    "etc/passwd": "root:x:0:0::/root:/bin/sh\nservice:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
    "etc/group": "root:x:0:\nservice:x:1000:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}


def root_tar() -> bytes:
    """The empty root as an archive for `docker import`."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for name in _FOLDERS:
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(folder)
        for name in _LINKS:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, f"usr/{name}"
            tar.addfile(link)
        for name, text in _FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return written.getvalue()


def host_mounts(project: Path) -> list[str]:
    """What of the host a container needs to run this very Python with the package under test, as Compose volumes."""
    wanted = dict.fromkeys([Path("/usr"), Path(sys.base_prefix), Path(sys.prefix), project])
    return [
        f"{path}:{path}:ro"
        for path in wanted
        if not any(other != path and path.is_relative_to(other) for other in wanted)
    ]
