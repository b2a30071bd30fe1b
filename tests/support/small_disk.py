"""Small file systems of their own (tmpfs) that fill on request. Mounting takes root, or a user namespace: may_mount()."""

import ctypes
import os
import pathlib
import subprocess

SKIPPED = 77  # as tests/chaos/CMakeLists.txt says
MEBIBYTE = 1024 * 1024
_CLONE_NEWNS, _CLONE_NEWUSER = 0x20000, 0x10000000


def may_mount():
    """Moves this process, and those that it starts, into a mount namespace of its own, if that is allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWNS) != 0:
        if libc.unshare(_CLONE_NEWNS | _CLONE_NEWUSER) != 0:
            return False
        for file, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{file}", "w") as written:
                written.write(text)
    return subprocess.run(["mount", "--make-rprivate", "/"], stderr=subprocess.DEVNULL).returncode == 0


class SmallDisk:
    def __init__(self, path, mebibytes):
        self.path = pathlib.Path(path)
        self.bytes = mebibytes * MEBIBYTE

    def mount(self):
        self.path.mkdir(exist_ok=True)
        if not os.path.ismount(self.path):
            self._mount("-t", "tmpfs", "-o", f"size={self.bytes}", "tmpfs")

    def unmount(self):
        if os.path.ismount(self.path):
            subprocess.run(["umount", "--lazy", self.path], check=True)

    def fill(self, left):
        """So many bytes stay free."""
        status = os.statvfs(self.path)
        used = (status.f_blocks - status.f_bfree) * status.f_frsize
        self._mount("-o", f"remount,size={used + left}")

    def empty(self):
        """All of its room is there again."""
        self._mount("-o", f"remount,size={self.bytes}")

    def _mount(self, *options):
        subprocess.run(["mount", *options, self.path], check=True)
