#!/usr/bin/python3
"""A system that runs short: of threads, of descriptors, of room for a file. It ends in words, and the
next build is right."""

import harness

PARTS = ", ".join(f'"{n}" = part[n = {n}]' for n in range(8))
MANIFEST = """devgraph 1
axis n = range(0, 8)
run part[n] {
  out = "part/"
  $ seq {n} 3000 > {out}/numbers
  $ head -c 100000 {out}/numbers > {out}/some
}
tar packed { files = { PARTS } }
unpack again { archive = packed }
run all {
  out = "o"
  deps = ./many/**
  $ cat {deps} > {out}
}
""".replace("PARTS", PARTS)


class Scarce(harness.Case):
    def setUp(self):
        super().setUp()
        # Enough sources for the threads that look at them.
        self.ws = self.workspace({f"many/{i}": "" for i in range(600)})
        self.ws.write("build.devgraph", MANIFEST)

    def meets(self, before, words):
        """Builds behind a shell command that takes something away."""
        self.ws.shell("rm -rf .devgraph out")
        text = self.ws.shell(f'{before} "$DEVGRAPH" build -j8 2>&1; echo "ended with $?"', check=False)
        status = text.splitlines()[-1]
        self.assertIn(status, [f"ended with {code}" for code in (0, 1, 2)], text)
        self.assertNotIn("terminate called", text)
        if status != "ended with 0":
            self.assertIn(words, text)
        self.build(self.ws)
        self.expect(self.ws.devgraph("check"), 0)

    def test_threads(self):
        for first in range(1, 6):
            for call in ("clone3", "clone"):
                self.meets(f"strace -o strace.log -e trace={call} "
                           f"-e inject={call}:error=EAGAIN:when={first}+", "Resource temporarily")

    def test_descriptors(self):
        for limit in (16, 24, 40, 60):
            self.meets(f"ulimit -n {limit};", "Too many open files")

    def test_the_size_of_a_file(self):
        for blocks in (1, 8, 64):
            self.meets(f"ulimit -f {blocks};", "File too large")


if __name__ == "__main__":
    harness.main()
