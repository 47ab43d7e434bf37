// The option `identity` of a service: whose calls it serves, and which keys it publishes.
import type { CallRule } from "../../../core/mesh/call-rules.ts";

export interface IdentityOptions {
  /** Name of the gateway: `auth.identity.name` of its configuration, and `caller` in `props` of its service binding. "tidegate" by default. */
  readonly gateway?: string;
  /**
   * Other Workers that call this one: by name, over a binding whose `props` have this `caller`; or with the keys by which they sign calls
   * over URLs. They pass the caller of their own call on. None by default.
   */
  readonly callers?: readonly (string | TrustedWorker)[];
  /**
   * For calls over a URL: the address of the gateway's keys, `https://gateway.example/.well-known/tidegate/jwks.json`, or the keys themselves
   * as JSON; from the environment of the Worker, or for all environments. Without it, such calls are refused.
   */
  readonly keys?: PublicKeySource;
  /**
   * Which Worker may call which methods; refused with `permission_denied`. A Worker that no rule names may call nothing; the gateway may
   * call everything unless a rule names it. By default every Worker in `callers` may call every method.
   */
  readonly allow?: readonly CallRule[];
  /**
   * The private keys of this Worker, as `tidegate identity new` has made them: their public parts are served at
   * `/.well-known/tidegate/jwks.json`, for the services that this Worker calls over URLs. No route by default.
   */
  readonly publish?: (env: never) => readonly (string | undefined)[];
  /**
   * False: calls that prove nothing are served, too, and `callerOf` is undefined for them. Only for a Worker without a public address. With
   * `allow` they are refused all the same. True by default.
   */
  readonly required?: boolean;
  /** Names by which the gateway and Workers call this Worker. By default the full names of its services. */
  readonly audience?: readonly string[];
}

/** A Worker that signs its calls. */
export interface TrustedWorker {
  /** Its name: `workerIdentity(name, keys)` of its calls, and `caller` in `props` of its service binding. */
  readonly name: string;
  /** Where its keys are, as in `identity.keys`. */
  readonly keys: PublicKeySource;
}

export type PublicKeySource = string | ((env: never) => string | undefined);

export function keysFrom(source: PublicKeySource | undefined, env: unknown): string | undefined {
  return typeof source === "function" ? source(env as never) : source;
}
