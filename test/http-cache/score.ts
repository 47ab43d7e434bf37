// How a result of the suite is read: as the suite's own pages read it.

export interface SuiteTest {
  readonly id: string;
  readonly name: string;
  readonly kind?: "required" | "optimal" | "check";
  readonly depends_on?: readonly string[];
  readonly browser_only?: boolean;
}

export interface Suite {
  readonly id: string;
  readonly tests: readonly SuiteTest[];
}

/** By test: true, or the kind of its failure and what was found. */
export type Results = Readonly<Record<string, true | readonly [string, string]>>;

export type Outcome = "passed" | "failed" | "not judged"; // not judged: what it builds on did not come about

export interface Judged {
  readonly suite: string;
  readonly id: string;
  readonly kind: "required" | "optimal" | "check";
  readonly outcome: Outcome;
  readonly found: string;
}

export function judge(suites: readonly Suite[], results: Results): Judged[] {
  const tests = new Map(suites.flatMap((suite) => suite.tests.map((test) => [test.id, test] as const)));
  const outcomeOf = (id: string): Outcome => {
    const result = results[id];
    const needed = tests.get(id)?.depends_on ?? [];
    if (result === undefined || needed.some((one) => outcomeOf(one) !== "passed")) return "not judged";
    if (result === true) return "passed";
    return result[0] === "Setup" ? "not judged" : "failed";
  };
  return suites.flatMap((suite) =>
    suite.tests
      .filter((test) => test.browser_only !== true)
      .map(({ id, kind = "required" }): Judged => {
        const result = results[id];
        const found = result === undefined || result === true ? "" : result.join(": ");
        return { suite: suite.id, id, kind, outcome: outcomeOf(id), found };
      }),
  );
}

export function count(judged: readonly Judged[], kind: Judged["kind"], outcome: Outcome): number {
  return judged.filter((one) => one.kind === kind && one.outcome === outcome).length;
}
