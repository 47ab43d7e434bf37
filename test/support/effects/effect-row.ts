// A setting with a small effect, for tables of tests: what is observed at a gateway without the setting and at one with it.
import type { GatewayInput } from "../../../core/config/gateway.ts";

export interface EffectRow<Input extends object = Partial<GatewayInput>> {
  readonly setting: string; // its name in titles, see test/settings/lines.ts: `rateLimits.compat`
  readonly base?: Input; // both gateways have it
  readonly input: Input; // what it names replaces that of `base`
  /** What callers, upstreams or Durable Objects see. */
  readonly observe: (input: Input) => Promise<unknown>;
  readonly before: unknown;
  readonly after: unknown;
}

/** @returns what is observed without the setting, and with it */
export async function observed<Input extends object>({ base, input, observe }: EffectRow<Input>): Promise<[unknown, unknown]> {
  const without = base ?? ({} as Input);
  return [await observe(without), await observe({ ...without, ...input })];
}
