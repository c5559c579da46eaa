"""Canaries: secrets that are made up for one run of a test, and the search for them in everything that came of it.

A class of tests that derives from `Watched` calls `watch(folder)` before it runs the program for the first time,
and makes its secrets with `cls.canaries.new(NAME)`. From then on the command line and the environment of every
process are looked at again and again, and whatever the program says is searched. The last case searches all files.
"""

import base64
import glob
import hashlib
import os
import secrets
import stat
import string
import threading
import time

import harness
import packed

LETTERS = string.ascii_letters + string.digits
# So that it is written in another way in URLs, in JSON and in a shell.
TAIL = "%/+=&\"\\"


def forms(word):
    """The word as it is, and as base64 and hexadecimal digits have it wherever it stands in what they encode."""
    found = {"as it is": word, "hex": word.hex().encode(), "HEX": word.hex().upper().encode()}
    for before, start in enumerate((0, 2, 3)):
        encoded = base64.b64encode(b"\0" * before + word + b"\0\0")
        # Without the letters that also depend on what stands before it and behind it.
        found[f"base64, {before} behind a group"] = encoded[start:(before + len(word)) * 8 // 6]
    return found


def made_up(length):
    """Letters and digits, also in base64: so no escaping changes them, and there is one base64 of them."""
    while True:
        word = "".join(secrets.choice(LETTERS) for _ in range(length))
        if not any(b"+" in form or b"/" in form for form in forms(word.encode()).values()):
            return word


class Canaries:
    def __init__(self):
        # All of them begin with it. It is what is looked for: half a secret is a leak, too.
        self.head = made_up(15)
        self.needles = forms(self.head.encode())
        self.named = {}      # Name -> value.
        self.programs = {}   # Name -> programs that may have it in their environment, beside devgraph.
        self.given = {}      # What devgraph finds in its environment beside what a test says.
        self.kept = set()    # Files that hold secrets on purpose.
        self.found = []      # What each leak is, and where.
        self.unread = []     # Files that are another user's.
        self.files = self.bytes = self.runs = 0
        self.seen = set()    # Files by their inode, packed content by its digest.
        self.processes = None

    def new(self, name, tail=TAIL, programs=()):
        self.named[name] = f"{self.head}{made_up(12)}{tail}"
        self.programs[name] = frozenset(programs)
        return self.named[name]

    def caller_has(self, variable, value):
        self.given[variable] = value

    def keep(self, *paths):
        """Files that the user wrote secrets into: exactly these are not searched, and must hold one at the end."""
        self.kept.update(map(os.fsdecode, paths))

    def names_in(self, data):
        for name, value in self.named.items():
            if any(form in data for form in forms(value[:len(self.head) + 12].encode()).values()):
                yield name

    def look(self, place, data):
        """Searches bytes, and whatever they hold; says whether nothing was found."""
        self.bytes += len(data)
        for form, needle in self.needles.items():
            at = data.find(needle)
            if at >= 0:
                names = ", ".join(self.names_in(data)) or "a part of a secret"
                self.found.append(f"{place}: {names} ({form}) at byte {at}: {data[max(at - 60, 0):at + 90]!r}")
                return False
        return all([self.look(f"{place}!{name}", inside) for name, inside in self.unpacked(data)])

    def unpacked(self, data):
        if not any(is_one(data) for is_one, _ in packed.KINDS):
            return
        digest = hashlib.blake2b(data).digest()
        if digest not in self.seen:
            self.seen.add(digest)
            yield from packed.insides(data)

    def look_below(self, folder):
        """Every file below a folder, also those that no name ends in .gz; names and links, too."""
        for top, folders, names in os.walk(os.fsdecode(folder)):
            for name in folders + names:
                path = os.path.join(top, name)
                try:
                    self.look_at_file(path)
                except PermissionError:
                    self.unread.append(path)
                except FileNotFoundError:
                    continue

    def look_at_file(self, path):
        self.look(f"the name of {path}", os.fsencode(os.path.basename(path)))
        what = os.lstat(path)
        if stat.S_ISLNK(what.st_mode):
            self.look(f"the link {path}", os.fsencode(os.readlink(path)))
        # Links to one file are read once; after it was written it is another one.
        identity = (what.st_dev, what.st_ino, what.st_mtime_ns, what.st_size)
        if not stat.S_ISREG(what.st_mode) or path in self.kept or identity in self.seen:
            return
        self.seen.add(identity)
        with open(path, "rb") as file:
            self.files += 1
            self.look(path, file.read())

    def heard(self, words, out, err):
        """What a call of the program said."""
        self.runs += 1
        said = " ".join(map(os.fsdecode, words))
        self.look(f"stdout of `{said}`", out)
        self.look(f"stderr of `{said}`", err)

    def begin(self):
        self.processes = Processes(self)

    def end(self):
        if self.processes:
            self.processes.end()


class Processes(threading.Thread):
    """Looks at the command lines and environments of all processes, again and again."""

    def __init__(self, canaries):
        super().__init__(daemon=True)
        self.canaries = canaries
        self.looks = self.seen = 0
        self.ages = {}
        self.told = set()
        self.ended = threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.004):
            self.looks += 1
            ages = {}
            for entry in os.listdir("/proc"):
                if not entry.isdigit() or int(entry) == os.getpid():
                    continue
                age = ages[entry] = self.ages.get(entry, -1) + 1
                self.seen += age == 0
                # Who has run for long seldom becomes another program.
                if age < 50 or (self.looks + int(entry)) % 50 == 0:
                    self.look(f"/proc/{entry}")
            self.ages = ages

    def look(self, process):
        line = self.line(process)
        self.tell("the command line", line, line)
        before = self.program(process)
        environment = self.read(f"{process}/environ")
        # In this order: it may become another program meanwhile, and what it is at last had that environment, too.
        line = self.line(process)
        program = self.program(process)
        # One that is about to become devgraph may have its environment already; of one that ends nobody knows.
        if program and self.holds(environment) and harness.BINARY not in (before, program):
            for variable in environment.split(b"\0"):
                names = self.canaries.names_in(variable)
                if not any(os.path.basename(program) in self.canaries.programs[name] for name in names):
                    self.tell(f"the environment, as {program},", variable, line)

    def line(self, process):
        return self.read(f"{process}/cmdline").replace(b"\0", b" ")

    @staticmethod
    def read(path):
        """Nothing, where the process has ended or is another user's."""
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError:
            return b""

    @staticmethod
    def program(process):
        try:
            return os.readlink(f"{process}/exe")
        except OSError:
            return ""

    def holds(self, data):
        return any(needle in data for needle in self.canaries.needles.values())

    def tell(self, where, data, line):
        if self.holds(data) and (where, data, line) not in self.told:
            self.told.add((where, data, line))
            self.canaries.look(f"{where} of the process `{line[:300].decode('utf-8', 'replace')}`", data)

    def end(self):
        self.ended.set()
        self.join()


class Watched(harness.Case):
    """For the tests of one example."""

    canaries = None

    @classmethod
    def watch(cls, folder):
        cls.watched = folder
        cls.canaries = harness.Workspace.canaries = Canaries()
        # Nobody asked for it, so nobody but devgraph itself may ever have it.
        cls.canaries.caller_has("NOBODYS_BUSINESS", cls.canaries.new("NOBODYS_BUSINESS"))
        os.makedirs(os.path.join(folder, "tmp"))
        cls.canaries.caller_has("TMPDIR", os.path.join(folder, "tmp"))
        cls.canaries.begin()
        cls.addClassCleanup(setattr, harness.Workspace, "canaries", None)
        cls.addClassCleanup(cls.canaries.end)

    def setUp(self):
        super().setUp()
        # Before it is removed.
        self.addCleanup(self.canaries.look_below, self.folder)

    def test_99_no_secret_is_anywhere(self):
        """In no file, log, image, process list or stream: of this run, and of all that went before."""
        began = time.monotonic()
        found = self.canaries
        found.end()
        for folder in (self.watched, *glob.glob("/dev/shm/devgraph-*")):
            found.look_below(folder)
        print(f"  {len(found.named)} secrets: {found.files} files and {found.runs} calls, {found.bytes >> 20} MiB with "
              f"what they hold; {found.processes.seen} processes in {found.processes.looks} looks; "
              f"{time.monotonic() - began:.1f} s")
        if os.geteuid() == 0:
            self.assertEqual(found.unread, [])
        self.assertGreater(found.runs, 0)
        self.assertGreater(found.processes.seen, 0)
        for path in filter(os.path.exists, found.kept):
            with open(path, "rb") as file:
                self.assertTrue(list(found.names_in(file.read())), f"{path} holds no secret: it is to be searched")
        self.assertEqual(found.found, [])
