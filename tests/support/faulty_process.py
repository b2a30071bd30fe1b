"""A process whose disk and clock misbehave on request (chaos/faulty_process.cc).

    faults = FaultyProcess(file)
    environment = faults.environment()     of the process
    faults.set(hang=1)                     its syncs do not return; or fail=1, clock_ms=-3600000
    faults.set(hang=0)                     they do again
"""

import os
import pathlib
import struct

from interop.cluster import program

_NAMES = ("hang", "fail", "clock_ms")


class FaultyProcess:
    def __init__(self, file):
        self.file = pathlib.Path(file)
        self._now = dict.fromkeys(_NAMES, 0)
        self.set()

    def environment(self):
        return {"LD_PRELOAD": program("faulty_process.so"), "MUSTER_FAULTS": str(self.file)}

    def set(self, **changed):
        """What is not named stays."""
        self._now.update(changed)
        assert set(self._now) == set(_NAMES), changed
        descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.pwrite(descriptor, struct.pack("=qqq", *(self._now[name] for name in _NAMES)), 0)
        finally:
            os.close(descriptor)
