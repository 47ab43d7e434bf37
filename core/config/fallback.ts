// The fallback while an upstream is down, as an operator writes it: another upstream, or a static response.
import { type Checks, join } from "./problems.ts";
import { parseUpstream, type UpstreamInput, type UpstreamPolicy } from "./upstream.ts";

export interface FallbackInput {
  /** Gets calls where the upstream of the service fails: those that it has not started, and those that are safe to repeat. */
  readonly upstream?: UpstreamInput;
  /** The response of a unary method while no upstream responds, as JSON. */
  readonly response?: object;
}

export interface FallbackPolicy {
  readonly upstream: UpstreamPolicy | undefined;
  readonly response: object | undefined;
}

export const NO_FALLBACK: FallbackPolicy = { upstream: undefined, response: undefined };

export function parseFallback(check: Checks, path: string, value: unknown, outer: FallbackPolicy): FallbackPolicy {
  if (value === undefined) return outer;
  if (value === false) return NO_FALLBACK;
  const fields = check.fields(path, value, ["upstream", "response"], { answer: 'write "response", its new name' });
  const { response } = fields;
  if (response !== undefined && (typeof response !== "object" || response === null || Array.isArray(response)))
    check.report(join(path, "response"), response, "write the response message as its JSON: { users: [] }");
  return {
    upstream: fields["upstream"] === undefined ? undefined : parseUpstream(check, join(path, "upstream"), fields["upstream"]),
    response: response === undefined ? undefined : (response as object),
  };
}
