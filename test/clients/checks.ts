// Counts checks, and prints each that fails with its reason.
import { isDeepStrictEqual } from "node:util";

const CHECK_MS = 60_000; // a check that takes longer has failed

export class Checks {
  passed = 0;
  failed = 0;
  readonly #isVerbose: boolean;

  /** @param isVerbose whether checks that pass are printed, too */
  constructor(isVerbose: boolean) {
    this.#isVerbose = isVerbose;
  }

  async check(name: string, run: () => Promise<void>): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no result within ${CHECK_MS} ms`)), CHECK_MS);
    try {
      await Promise.race([run(), promise]);
      this.pass(name);
    } catch (error) {
      this.fail(name, error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timer);
    }
  }

  pass(name: string): void {
    this.passed += 1;
    if (this.#isVerbose) console.log(`ok      ${name}`);
  }

  fail(name: string, why: string): void {
    this.failed += 1;
    console.log(`FAILED  ${name}: ${why}`);
  }

  /** What is not demanded of every machine; where TIDEGATE_REQUIRE_ALL=1, it is. */
  skip(part: string, missing: string): void {
    if (process.env["TIDEGATE_REQUIRE_ALL"] === "1") this.fail(part, `${missing}, and TIDEGATE_REQUIRE_ALL=1 demands it`);
    else console.log(`SKIPPED ${part}: ${missing}`);
  }
}

export function equal(found: unknown, wanted: unknown): void {
  if (!isDeepStrictEqual(found, wanted)) throw new Error(`found ${show(found)}, not ${show(wanted)}`);
}

export function truthy(found: unknown, what: string): void {
  if (!found) throw new Error(what);
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part)).slice(0, 400);
}

/** Polls until a condition holds. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const late = Date.now() + 30_000; !(await isSo()); await new Promise((resolve) => setTimeout(resolve, 50))) {
    if (Date.now() > late) throw new Error(`still not so after 30 s: ${what}`);
  }
}
