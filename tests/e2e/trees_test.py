#!/usr/bin/python3
"""Folders of many small files, as sources and as outputs: read once, and made again as they were."""

import os

import harness

COUNT = 3000  # Above what is worth threads, and in several blocks of the pack.
MANIFEST = """devgraph 1

let data = ./data/

run made {
  out = "made/"
  $ cp -r {data}/. {out}
}
run count {
  out = "count.txt"
  $ find {made} -type f | wc -l > {out}
}
"""


class Trees(harness.Case):
    def dataset(self):
        ws = self.workspace({"build.devgraph": MANIFEST})
        for number in range(COUNT):
            ws.write(f"data/{number % 30:02}/{number:04}.bin", b"%d\n" % number * (number % 50 + 1))
        ws.write("data/large.bin", os.urandom(200_000))
        ws.write("data/05/run.sh", "#!/bin/sh\n", 0o755)
        ws.shell("ln -s ../large.bin data/05/link; mkdir data/empty")
        return ws

    def files_read(self, ws, *arguments, below="", code=0):
        """Files in the workspace that a call opens to read them."""
        ws.shell(f"strace -qq -f -e trace=openat -o {self.folder}/trace $DEVGRAPH {' '.join(arguments)}; "
                 f"test $? = {code}")
        root = f'"{ws.root}/{below}'
        with open(os.path.join(self.folder, "trace"), encoding="utf-8") as trace:
            return [line.split('"')[1] for line in trace
                    if root in line and "O_DIRECTORY" not in line and "/.devgraph" not in line
                    and "O_CREAT" not in line and "O_TMPFILE" not in line]

    def listing(self, ws):
        return ws.shell("cd out/made/made && find . -printf '%y %m %p %l\\n' | sort && "
                        "find . -type f -print0 | sort -z | xargs -0 sha256sum")

    def test_what_was_made_is_not_read_again(self):
        ws = self.dataset()
        self.build(ws, run=2)
        ws.shell("sleep 0.1")
        self.assertLess(len(self.files_read(ws, "check", below="out/made/")), COUNT / 2)
        self.build(ws, run=0, fresh=2)
        self.assertEqual(self.files_read(ws, "check", below="out/made/"), [])

    def test_one_file_more_is_one_file_read(self):
        ws = self.dataset()
        self.build(ws, run=2)
        ws.shell("sleep 0.1")
        self.build(ws, run=0, fresh=2)
        ws.write("data/07/more.bin", "more")
        read = self.files_read(ws, "check", below="data/", code=3)
        self.assertEqual([os.path.basename(path) for path in read], ["more.bin"])
        self.build(ws, run=2)
        self.assertEqual(ws.read("out/count/count.txt"), f"{COUNT + 3}\n")

    def test_a_folder_is_made_again_from_the_cache(self):
        ws = self.dataset()
        self.build(ws, run=2)
        before = self.listing(ws)
        ws.remove("out")
        self.build(ws, run=0, fresh=2)
        self.assertEqual(self.listing(ws), before)
        self.assertEqual(os.readlink(ws.path("out/made/made/05/link")), b"../large.bin")
        ws.shell("sleep 0.1")
        self.build(ws, run=0, fresh=2)
        self.assertEqual(self.files_read(ws, "check", below="out/made/"), [])
        # What is written there does not reach the cache.
        for name in ("large.bin", "00/0030.bin"):
            ws.write(f"out/made/made/{name}", "edited")
        self.build(ws, run=0, fresh=2)
        self.assertEqual(self.listing(ws), before)

    def test_an_edit_that_hides_is_found(self):
        """Of the same size and with the old time, in a file that was never read since it was made."""
        ws = self.dataset()
        self.build(ws, run=2)
        ws.shell("cd out/made/made/00; touch -r 0030.bin stamp; printf 'X' | dd of=0030.bin conv=notrunc status=none; "
                 "touch -r stamp 0030.bin; rm stamp")
        self.assertEqual(ws.devgraph("check").code, 3)
        self.build(ws, run=0, fresh=2)
        self.assertEqual(ws.read("out/made/made/00/0030.bin"), "30\n" * 31)

    def test_a_damaged_pack_makes_the_node_run_again(self):
        ws = self.dataset()
        self.build(ws, run=2)
        before = self.listing(ws)
        ws.remove("out/made")
        ws.shell("printf 'XXXXXXXX' | dd of=.devgraph/cas/pack bs=1 seek=5000 conv=notrunc status=none")
        self.build(ws, run=1, fresh=1)
        self.assertEqual(self.listing(ws), before)


if __name__ == "__main__":
    harness.main()
