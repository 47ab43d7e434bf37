// What a fuzz target is: a parser, or the whole gateway, with the promise that it makes for any bytes.
import { Rejected } from "../../core/rejection.ts";
import { toRefusal } from "../../workers/gateway/protocol/refusal.ts";

/** A broken promise of a parser: not a refusal of its input. */
export class BrokenPromise extends Error {}

export interface Target {
  readonly name: string; // the file of its corpus, too
  /** @throws BrokenPromise, or any error that is no typed refusal of the input */
  readonly run: (bytes: Buffer) => void | Promise<void>;
  /** Many inputs at once, where a single one costs much more. @returns the first one that fails */
  readonly runAll?: (inputs: readonly Buffer[]) => Promise<{ readonly at: number; readonly error: unknown } | undefined>;
  /** Starts what the target needs. @returns what stops it */
  readonly start?: () => Promise<() => void>;
}

const MAX_MESSAGE_CHARACTERS = 65_536; // longest message of a refusal: input of a caller is cut in it
const MAX_VIOLATIONS = 20;
const FAULTS_OF_CALLERS = [
  "invalid_request",
  "body_too_large",
  "invalid_path",
  "unsupported_encoding",
  "unsupported_content_type",
  "too_many_elements",
  "inflates_too_much",
  "headers_too_large",
];

export function promise(holds: boolean, text: string): void {
  if (!holds) throw new BrokenPromise(text);
}

/** Runs a parser that refuses by throwing: the refusal must be the caller's fault, and bounded. */
export function refusing(run: () => void): void {
  try {
    run();
  } catch (error) {
    checkRefusal(error);
  }
}

export function checkRefusal(error: unknown): void {
  if (!(error instanceof Rejected)) throw error;
  const { rejection } = error;
  const { message } = toRefusal(rejection).error;
  promise(message.length <= MAX_MESSAGE_CHARACTERS, `the message of the refusal has ${message.length} characters`);
  promise(FAULTS_OF_CALLERS.includes(rejection.kind), `refused as ${rejection.kind}`);
  if (rejection.kind === "invalid_request")
    promise((rejection.violations ?? []).length <= MAX_VIOLATIONS, `${rejection.violations?.length} violations`);
}
