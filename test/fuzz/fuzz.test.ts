// Mutated bytes for every parser: a short run of `npm run test:fuzz`, and proof that a run finds what it looks for.
import { describe, expect, it } from "vitest";
import { seeded } from "../support/cache-traces.ts";
import { corpusOf, fuzz } from "./fuzz.ts";
import { MAX_BYTES, mutated } from "./mutate.ts";
import { TARGETS } from "./targets.ts";

const CASES = 1_000;
const SEED = 20261129;

describe.each(TARGETS.map((target) => [target.name, target] as const))(`seed ${SEED}: %s`, (_, target) => {
  it(`keeps its promise for ${CASES} mutated inputs`, async () => {
    const { failure, cases } = await fuzz(target, CASES, SEED);
    expect(failure).toBeUndefined();
    expect(cases).toBe(CASES);
  });
});

describe("a run", () => {
  it("ends at the first input that breaks a promise, and gives its number and its bytes", async () => {
    const target = {
      name: "planted",
      run: (bytes: Buffer) => {
        if (bytes.includes("__proto__")) throw new TypeError("planted");
      },
    };
    const corpus = [Buffer.from("a=1"), Buffer.from("b=2")];
    const { failure } = await fuzz(target, 10_000, 1, corpus);
    expect(failure).toMatchObject({ target: "planted", error: new TypeError("planted") });
    expect(failure!.input.toString()).toContain("__proto__");
    expect(failure!.smallest.toString()).toBe("__proto__");
    expect((await fuzz(target, 10_000, 1, corpus)).failure!.number).toBe(failure!.number);
  });

  it("gives the input that fails among those that were run at once", async () => {
    const runAll = (inputs: readonly Buffer[]) => {
      const at = inputs.findIndex((input) => input.includes("b"));
      return Promise.resolve(at < 0 ? undefined : { at, error: new Error("planted") });
    };
    const target = { name: "planted", run: () => undefined, runAll };
    const { failure } = await fuzz(target, 3, 1, [Buffer.from("a"), Buffer.from("abc"), Buffer.from("a")]);
    expect(failure).toMatchObject({ number: 1, input: Buffer.from("abc"), smallest: Buffer.from("b") });
  });

  it("runs the entries of the corpus first, as they are", async () => {
    const seen: string[] = [];
    await fuzz({ name: "seen", run: (bytes) => void seen.push(bytes.toString()) }, 2, 1, [Buffer.from("a"), Buffer.from("b")]);
    expect(seen).toEqual(["a", "b"]);
  });
});

describe("a mutation", () => {
  it("differs from the corpus nearly always, is bounded, and is the same for the same seed", () => {
    const corpus = corpusOf("json");
    const draw = (seed: number): string[] => {
      const random = seeded(seed);
      return Array.from({ length: 500 }, () => mutated(corpus, random).toString("latin1"));
    };
    const inputs = draw(3);
    expect(draw(3)).toEqual(inputs);
    expect(draw(4)).not.toEqual(inputs);
    expect(Math.max(...inputs.map((input) => input.length))).toBeLessThanOrEqual(MAX_BYTES);
    const known = new Set(corpus.map((entry) => entry.toString("latin1")));
    expect(inputs.filter((input) => known.has(input)).length).toBeLessThan(25);
  });
});
