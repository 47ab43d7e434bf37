// A relay of one region: the only object that isolates exchange with in the background. It knows what the root objects have said.
// It stores nothing and has no alarms. Apart from a timer of 2 s for metrics that are to be sent on, it does something only while an exchange
// is under way.
import { DurableObject } from "cloudflare:workers";
import type { KeysAnswer, KeysQuestion } from "../core/exchange/key-messages.ts";
import type { ExchangeReply, ExchangeRequest } from "../core/exchange/messages.ts";
import { ExchangeServer, type RelayBindings } from "./relay/exchange-server.ts";

const ROOTS = ["CIRCUIT_BREAKER", "HASH_RING", "PURGE_LOG", "KEY_STORE", "CONTROL_PLANE", "TELEMETRY"] as const;

export class Relay extends DurableObject {
  readonly #server: ExchangeServer;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#server = new ExchangeServer(rootsWithin(env, ctx.id.jurisdiction), Date.now(), ctx.id.name);
  }

  exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    return this.#server.exchange(request);
  }

  /** For calls that wait for a key, or for a recent view of revocations. */
  keys(question: KeysQuestion): Promise<KeysAnswer> {
    return this.#server.keys(question);
  }
}

/** The namespaces of the root objects, under the jurisdiction of the relay. */
function rootsWithin(env: Cloudflare.Env, jurisdiction: string | undefined): RelayBindings {
  const roots = env as unknown as Readonly<Record<string, DurableObjectNamespace | undefined>>; // the types are those of wrangler.toml
  if (jurisdiction === undefined) return roots as unknown as RelayBindings;
  const restricted = ROOTS.map((name) => [name, roots[name]?.jurisdiction(jurisdiction as DurableObjectJurisdiction)] as const);
  return Object.fromEntries(restricted) as unknown as RelayBindings;
}
