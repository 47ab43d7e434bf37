// The outcome of each test of the suite, by the rules of the suite's own pages.

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

/** Results by test id: true, or the kind of the failure and its message. */
export type Results = Readonly<Record<string, true | readonly [string, string]>>;

export type Outcome = "passed" | "failed" | "not judged"; // not judged: a test that it depends on has not passed

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
    if (result === undefined || needed.some((dependency) => outcomeOf(dependency) !== "passed")) return "not judged";
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
  return judged.filter((test) => test.kind === kind && test.outcome === outcome).length;
}
