#!/usr/bin/python3
"""Data as its users see it: a node depends on the parameters that it uses, and on no others."""

import json

import harness

MANIFEST = """devgraph 1

let params = json(./params.json)

run split {
  out  = "split/"
  deps = ./corpus.txt
  $ split -l {params.split.lines} {deps} {out}/
}
run train {
  out = "model.json"
  $ printf '\\{"rate": %s, "words": %d\\}' {params.train.rate} "$(cat {split}/* | wc -w)" > {out}
}
"""
PARAMS = {"split": {"lines": 2}, "train": {"rate": "0.1"}, "note": "none"}


class Data(harness.Case):
    def set(self, ws, *way):
        params = json.loads(ws.read("params.json"))
        *before, last, value = way
        at = params
        for name in before:
            at = at[name]
        at[last] = value
        ws.write("params.json", json.dumps(params))

    def test_a_node_is_stale_by_the_parameters_it_uses(self):
        ws = self.workspace({"build.devgraph": MANIFEST, "params.json": json.dumps(PARAMS),
                             "corpus.txt": "a b\nc d\ne f\n"})
        self.build(ws, run=2)
        self.set(ws, "note", "another")
        ws.shell("sed -i 's/, /,\\n /g' params.json")
        self.build(ws, run=0, fresh=2)
        self.set(ws, "train", "rate", "0.2")
        run = self.expect(ws.devgraph("check"), 3)
        self.assertEqual(run.out, "//:train  a value in its script changed\n")
        self.build(ws, run=1, fresh=1)
        self.assertEqual(ws.read("out/train/model.json"), '{"rate": 0.2, "words": 6}')
        self.set(ws, "split", "lines", 1)
        self.build(ws, run=2)


if __name__ == "__main__":
    harness.main()
