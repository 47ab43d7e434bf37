// What one request can make the gateway send, hold and compute, for each of its parts. `npm run bench:amplification` prints the figures.
import { afterAll, beforeAll, expect, it } from "vitest";
import { problemsOf } from "./amplification/bounds.ts";
import { CASES } from "./amplification/cases.ts";
import { measure } from "./amplification/measure.ts";
import { reflection } from "./amplification/reflection.ts";
import { errorLines, type FaultBench, startFaultBench } from "./bench.ts";

/** On a busy machine time and memory are larger; without the bounds they are 20 to 70 times larger. */
const SLACK = 5;
let bench: FaultBench | undefined;

beforeAll(async () => {
  bench = await startFaultBench();
});
afterAll(() => bench?.stop());

it.each(CASES.map((one) => [one.input, one] as const))("a request costs no more than its bounds: %s", async (_, one) => {
  const found = await measure(bench!, one);
  expect(problemsOf(one, found, SLACK)).toEqual([]);
  expect(errorLines(bench!.log)).toEqual([]);
});

it("a stream of reflection has few, bounded messages, and sends a descriptor once", async () => {
  expect((await reflection(bench!)).problems).toEqual([]);
});
