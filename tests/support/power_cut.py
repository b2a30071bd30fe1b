"""Power cuts for real processes: chaos/power_cut.cc notes how to undo what was not synced, and this takes it back.

    cut = PowerCut(server.dir, notes)   what is below server.dir is watched, its own making of directories too
    environment = cut.environment()     of the process
    … SIGKILL …
    cut.roll_back(random)               what a power cut may have left is there
"""

import collections
import os
import pathlib
import struct

from interop.cluster import program

SECTOR = 512
WRITE, CREATE, RENAME, UNLINK, MKDIR, RMDIR = range(1, 7)
_FIXED = struct.Struct("<IBBHQQQQ")
_HEADER_BYTES = 16

Note = collections.namedtuple("Note", "kind live inode offset length old_size path other old")


class PowerCut:
    """`kept`: how the paths begin at which removed files are kept, on the file system of `root`; by default beside the notes."""

    def __init__(self, root, notes, kept=None):
        self.root = pathlib.Path(root)
        self.notes = pathlib.Path(notes)
        self.kept = pathlib.Path(kept or f"{notes}.kept-")

    def environment(self, **more):
        return {"LD_PRELOAD": program("power_cut.so"), "MUSTER_SHIM_ROOT": str(self.root), "MUSTER_SHIM_LOG": str(self.notes),
                "MUSTER_SHIM_KEPT": str(self.kept), **more}

    def forget(self):
        """What the last process left counts as durable."""
        self.notes.unlink(missing_ok=True)
        for kept in self._kept_files():
            kept.unlink()

    def _kept_files(self):
        return self.kept.parent.glob(self.kept.name + "*")

    def roll_back(self, random):
        """Leaves none, a part or all of what was not synced. Says how many changes there were, and how many of them are undone."""
        if not self.notes.exists():
            return 0, 0  # it was not yet that far
        notes = self._read()
        live = [note for note in notes if note.live]
        undone = self._undo_writes([note for note in live if note.kind == WRITE], random)
        undone += self._undo_names(notes, random)
        self.forget()
        return len(live), undone

    def _read(self):
        notes = []
        with open(self.notes, "rb") as file:
            magic, end = struct.unpack("<8sQ", file.read(_HEADER_BYTES))
            assert magic == b"mustrcut"
            data = file.read(end - _HEADER_BYTES)
        at = 0
        while at < len(data):
            size, kind, live, _, inode, offset, length, old_size = _FIXED.unpack_from(data, at)
            place, paths = at + _FIXED.size, []
            for _ in range(2):
                (count,) = struct.unpack_from("<H", data, place)
                paths.append(data[place + 2:place + 2 + count].decode())
                place += 2 + count
            notes.append(Note(kind, bool(live), inode, offset, length, old_size, *paths, data[place:at + size]))
            at += (size + 7) // 8 * 8
        return notes

    def _files(self):
        """Paths by inode, removed files that are kept among them."""
        found = {}
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                found[os.stat(path).st_ino] = path
        for kept in self._kept_files():
            found[kept.stat().st_ino] = str(kept)
        return found

    def _undo_writes(self, writes, random):
        """Of each file: all of its writes go, or those from one on, torn at a sector, or any subset of its sectors."""
        files, by_inode = self._files(), collections.defaultdict(list)
        for note in writes:
            by_inode[note.inode].append(note)
        undone = 0
        for inode, notes in by_inode.items():
            if inode not in files:
                continue
            fate = random.choice(("all", "none", "torn", "subset"))
            pieces = [(turn, note, at) for turn, note in enumerate(notes) for at in self._sectors(note)]
            cut = random.randrange(len(pieces) + 1)
            kept_of = collections.defaultdict(lambda: random.randrange(len(notes) + 1))  # by sector: so many of its versions
            with open(files[inode], "r+b") as file:
                for number in reversed(range(len(pieces))):
                    turn, note, at = pieces[number]
                    keep = {"all": False, "none": True, "torn": number < cut,
                            "subset": turn < kept_of[at // SECTOR]}[fate]
                    if keep:
                        continue
                    undone += 1
                    end = min(note.offset + max(note.length, len(note.old)), at // SECTOR * SECTOR + SECTOR)
                    old = note.old[at - note.offset:end - note.offset]
                    file.seek(at)
                    file.write(old + bytes(end - at - len(old)))
                if fate == "all" or (fate == "torn" and cut == 0):
                    file.truncate(notes[0].old_size)
        return undone

    @staticmethod
    def _sectors(note):
        """Where the parts of a write begin that lie in one sector each."""
        end = note.offset + note.length
        return [note.offset, *range(note.offset // SECTOR * SECTOR + SECTOR, end, SECTOR)] if note.length else []

    def _undo_names(self, notes, random):
        """A front of the changes of names stays, as a journal leaves it."""
        changes = [(number, note) for number, note in enumerate(notes) if note.kind != WRITE and note.live]
        kept = random.choice((0, len(changes), random.randrange(len(changes) + 1)))
        for number, note in reversed(changes[kept:]):
            path = self._today(note.path, notes[number + 1:])
            other = self._today(note.other, notes[number + 1:])
            if not os.path.isdir(os.path.dirname(path)):
                continue  # its directory is gone for good
            if note.kind == CREATE:
                os.unlink(path)
            elif note.kind == RENAME:
                os.rename(other, path)
                if note.old:
                    os.rename(note.old.decode(), other)
            elif note.kind == UNLINK:
                os.rename(note.old.decode(), path)
            elif note.kind == MKDIR:
                os.rmdir(path)
            else:
                os.mkdir(path, 0o700)
        return len(changes) - kept

    @staticmethod
    def _today(path, later):
        """The path after those later renames of its directory that are durable."""
        for note in later:
            if note.kind == RENAME and not note.live and path.startswith(note.path + "/"):
                path = note.other + path[len(note.path):]
        return path
