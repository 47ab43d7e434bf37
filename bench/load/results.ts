// What the tools of the load tests print, as one shape, and the decisions on the rates of requirement T1. Pure.

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p95Ms: number;
  readonly serverErrors: number; // responses with a status of 500 or more
  readonly unavailable: number; // those with 503: at least all that a breaker has refused
  readonly refused: number; // responses with a status of 400 to 499
  readonly timeouts: number;
  readonly broken: number; // connections that broke, or could not be made
}

/** @param output what wrk or k6 wrote with the scripts of this folder @returns undefined where it has no result */
export function scriptResult(output: string): LoadResult | undefined {
  const text = /^RESULT (\{.*\})$/m.exec(output)?.[1];
  return text === undefined ? undefined : (JSON.parse(text) as LoadResult);
}

/** @param output the summary of hey @returns undefined where it is none */
export function heyResult(output: string): LoadResult | undefined {
  const seconds = Number(/Total:\s+([\d.]+) secs/.exec(output)?.[1]);
  const statuses = [...output.matchAll(/^\s+\[(\d{3})\]\s+(\d+) responses/gm)].map(
    ([, status, count]) => [Number(status), Number(count)] as const,
  );
  if (!(seconds > 0) || (statuses.length === 0 && !output.includes("Error distribution"))) return undefined;
  const failures = [...(output.split("Error distribution:")[1] ?? "").matchAll(/^\s+\[(\d+)\]\s+(.*)$/gm)];
  const failed = (isTimeout: boolean): number =>
    failures.filter(([, , text]) => /timeout|deadline/i.test(text!) === isTimeout).reduce((sum, [, count]) => sum + Number(count), 0);
  const responses = (from: number, to: number): number =>
    statuses.filter(([status]) => status >= from && status <= to).reduce((sum, [, count]) => sum + count, 0);
  return {
    requests: responses(100, 599) + failed(true) + failed(false),
    seconds,
    p95Ms: Number(/95%+ in ([\d.]+) secs/.exec(output)?.[1] ?? 0) * 1_000,
    serverErrors: responses(500, 599),
    unavailable: responses(503, 503),
    refused: responses(400, 499),
    timeouts: failed(true),
    broken: failed(false),
  };
}

export interface Decision {
  readonly text: string;
  readonly isMet: boolean;
}

/** The rates of requirement T1. All requests of these loads are valid and within their limits: a refused one is a fault of the test. */
export function decisionsOn(result: LoadResult): Decision[] {
  const { requests, serverErrors, unavailable, refused, timeouts, broken } = result;
  const decide = (what: string, count: number, below: number): Decision => {
    const share = count / Math.max(1, requests);
    const isMet = requests > 0 && share < below;
    return { text: `${what}: ${(share * 100).toFixed(3)} %, goal below ${below * 100} %: ${isMet ? "met" : "missed"}`, isMet };
  };
  return [
    decide("5xx", serverErrors, 0.001),
    decide("timeouts", timeouts, 0.005),
    decide("503, with all calls refused by breakers", unavailable, 0.01),
    decide("4xx and broken connections", refused + broken, 0.001),
  ];
}
