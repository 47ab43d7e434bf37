// The bounds of what one request can cost, and the table of what it does cost.
import type { AmplificationCase } from "./cases.ts";
import type { Amplification } from "./measure.ts";

const KIB = 1_024;

/** Bounds for any request: responses by the size of the request as sent, memory and time by its size after inflation. */
export const BOUNDS = {
  sentPerByte: 20,
  sentOfRefusalBytes: 64 * KIB,
  heldPerByte: 10,
  heldByFirstCallBytes: 4 * 1_024 * KIB, // code that the first call of a kind compiles
  cpuNanosPerByte: 100,
  /** Time is judged for inputs of at least this size: below, the fixed cost of a call counts more. */
  judgedFromBytes: 64 * KIB,
} as const;

/** Times by which a busy machine may exceed the bounds of memory and time; 1 on a quiet one. */
export function problemsOf({ input, isRefused }: AmplificationCase, found: Amplification, slack: number): string[] {
  const { status, receivedBytes, inflatedBytes, sentBytes, heldBytes, cpuNanosPerByte } = found;
  const problems: string[] = [];
  const check = (holds: boolean, text: string): void => {
    if (!holds) problems.push(`${input}: ${text}`);
  };
  check((status === 200) !== isRefused && status !== 0 && status < 500, `status ${status}`);
  check(sentBytes <= BOUNDS.sentPerByte * receivedBytes, `${(sentBytes / receivedBytes).toFixed(0)} bytes sent per byte received`);
  if (status !== 200) check(sentBytes <= BOUNDS.sentOfRefusalBytes, `a refusal of ${sentBytes} bytes`);
  if (inflatedBytes < BOUNDS.judgedFromBytes) return problems;
  const heldPerByte = Math.max(0, heldBytes - BOUNDS.heldByFirstCallBytes) / inflatedBytes;
  check(heldPerByte <= slack * BOUNDS.heldPerByte, `${(heldBytes / inflatedBytes).toFixed(1)} bytes held per byte`);
  check(cpuNanosPerByte <= slack * BOUNDS.cpuNanosPerByte, `${cpuNanosPerByte.toFixed(0)} ns of CPU per byte`);
  return problems;
}

const HEADINGS = [
  "input",
  "status",
  "received, B",
  "inflated, B",
  "sent, B",
  "sent per B received",
  "held per B inflated",
  "CPU, ns per B inflated",
];

/** The table for a document. */
export function tableOf(rows: readonly (readonly [AmplificationCase, Amplification])[]): string {
  const whole = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 0 });
  const lines = rows.map(([{ input }, found]) => {
    const { status, receivedBytes, inflatedBytes, sentBytes, heldBytes, cpuNanosPerByte } = found;
    const share = (sentBytes / receivedBytes).toFixed(sentBytes < receivedBytes ? 4 : 1);
    const held = (heldBytes / inflatedBytes).toFixed(1);
    return [input, status, whole(receivedBytes), whole(inflatedBytes), whole(sentBytes), share, held, whole(cpuNanosPerByte)];
  });
  return [HEADINGS, HEADINGS.map((_, n) => (n === 0 ? "---" : "---:")), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
