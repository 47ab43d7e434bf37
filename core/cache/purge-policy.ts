// Who may purge cached answers, and how soon it holds everywhere, as an operator writes it.
import type { Checks } from "../parse.ts";

export interface PurgeInput {
  /** Name of the secret that purging calls bring as bearer token: `wrangler secret put CACHE_TOKEN`. */
  readonly tokenBinding: string;
  /** How old an isolate's knowledge of purges may get before it asks for news, behind an answer. Default 5 000 ms. */
  readonly pollMs?: number;
  /** Whether nothing is served from the cache by an isolate that can't ask. Default false: it serves on. */
  readonly strict?: boolean;
  /** How long a call waits for the news where its isolate had no calls for longer than that. Default 250 ms. */
  readonly waitMs?: number;
}

export interface PurgePolicy extends Required<PurgeInput> {}

export function parsePurge(check: Checks, value: unknown): PurgePolicy | undefined {
  if (value === undefined) return undefined;
  const fields = check.fields("purge", value, ["tokenBinding", "pollMs", "strict", "waitMs"]);
  const tokenBinding = fields["tokenBinding"];
  if (typeof tokenBinding !== "string" || !/^[A-Za-z_]\w*$/.test(tokenBinding))
    check.report("purge.tokenBinding", tokenBinding, 'write the name of a secret: "CACHE_TOKEN"');
  return {
    tokenBinding: String(tokenBinding),
    pollMs: check.integer("purge.pollMs", fields["pollMs"], { min: 100, max: 600_000, fallback: 5_000, unit: "ms" }),
    strict: check.oneOf("purge.strict", fields["strict"], [true, false], false),
    waitMs: check.integer("purge.waitMs", fields["waitMs"], { min: 1, max: 10_000, fallback: 250, unit: "ms" }),
  };
}
