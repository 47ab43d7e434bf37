// What is answered while an upstream is down: by another upstream, or by a message that stands in the configuration.
import { type Checks, join } from "./problems.ts";
import { parseUpstream, type UpstreamInput, type UpstreamPolicy } from "./upstream.ts";

export interface FallbackInput {
  /** Asked where the service's own upstream fails: for calls that it has not begun to work on, and those that are safe to repeat. */
  readonly upstream?: UpstreamInput;
  /** The answer of a unary method where nobody answers, as its JSON. */
  readonly answer?: object;
}

export interface FallbackPolicy {
  readonly upstream: UpstreamPolicy | undefined;
  readonly answer: object | undefined;
}

export const NO_FALLBACK: FallbackPolicy = { upstream: undefined, answer: undefined };

export function parseFallback(check: Checks, path: string, value: unknown, outer: FallbackPolicy): FallbackPolicy {
  if (value === undefined) return outer;
  if (value === false) return NO_FALLBACK;
  const fields = check.fields(path, value, ["upstream", "answer"]);
  const { answer } = fields;
  if (answer !== undefined && (typeof answer !== "object" || answer === null || Array.isArray(answer)))
    check.report(join(path, "answer"), answer, "write the answer's message as its JSON: { users: [] }");
  return {
    upstream: fields["upstream"] === undefined ? undefined : parseUpstream(check, join(path, "upstream"), fields["upstream"]),
    answer: answer === undefined ? undefined : (answer as object),
  };
}
