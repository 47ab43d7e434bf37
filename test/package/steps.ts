// Steps of a test that takes minutes: each is printed with its result and its time, and the next ones run also after a failure.

export class Steps {
  passed = 0;
  failed = 0;

  /** Runs one step. @returns whether it passed */
  async step(name: string, run: () => Promise<void> | void): Promise<boolean> {
    const startedAt = performance.now();
    let problem: string | undefined;
    try {
      await run();
      this.passed += 1;
    } catch (error) {
      this.failed += 1;
      problem = error instanceof Error ? error.message : String(error);
    }
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    console.log(`${problem === undefined ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
    if (problem !== undefined) console.log(problem.replace(/^/gm, "       "));
    return problem === undefined;
  }
}

/** @throws Error that shows both */
export function equal(found: unknown, wanted: unknown, about = ""): void {
  const [is, should] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (is !== should) throw new Error(`${about === "" ? "" : `${about}: `}found ${is}, wanted ${should}`);
}
