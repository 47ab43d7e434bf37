// The network that development entries put between a Worker and its bindings: how long each call takes, and which are lost. Pure.

export interface NetworkProfile {
  readonly objectMs: number; // round trip to Durable Objects
  readonly nearMs: number; // round trip to the objects of the isolate's own region, where a region is set
  readonly kvMs: number; // round trip to KV
  readonly serviceMs: number; // round trip to service bindings: 0 in all profiles, since the platform runs both Workers in one place
  readonly coldMs: number; // added to the calls of an object while it starts: from its first call on
  readonly jitter: number; // share by which a round trip varies, in [0, 1)
  readonly loss: number; // share of the calls that fail, in [0, 1]; half of them after the callee has run
  readonly seed: number; // a whole number; jitter and loss are the same with the same seed
}

const SAME_REGION_MS = 8;
const NO_NETWORK: NetworkProfile = { objectMs: 0, nearMs: 0, kvMs: 0, serviceMs: 0, coldMs: 0, jitter: 0, loss: 0, seed: 1 };
const at = (ms: number): NetworkProfile => ({ ...NO_NETWORK, objectMs: ms, nearMs: Math.min(ms, SAME_REGION_MS), kvMs: ms });

/** Round trips of Cloudflare's network: inside of a data center's region, of a continent, across an ocean, and around the world. */
export const NETWORK_PROFILES = {
  local: at(0),
  "same-region": at(SAME_REGION_MS),
  continent: at(25),
  far: at(80),
  world: at(160),
  "cold-object": { ...at(SAME_REGION_MS), coldMs: 300 },
} as const satisfies Readonly<Record<string, NetworkProfile>>;

/** What may be changed of a profile, by the name that is written. */
const CHANGES: Readonly<Record<string, keyof NetworkProfile>> = {
  objects: "objectMs",
  near: "nearMs",
  kv: "kvMs",
  services: "serviceMs",
  cold: "coldMs",
  jitter: "jitter",
  loss: "loss",
  seed: "seed",
};

/**
 * @param text a profile, and changes to it: `world`, `far,loss=0.01,jitter=0.2,seed=7`
 * @throws Error that names what may be written
 */
export function parseNetwork(text: string): NetworkProfile {
  const [name = "", ...changes] = text.split(",").map((part) => part.trim());
  if (!Object.hasOwn(NETWORK_PROFILES, name)) throw new Error(`network "${name}": write one of ${Object.keys(NETWORK_PROFILES).join(", ")}`);
  const profile: Record<keyof NetworkProfile, number> = { ...NETWORK_PROFILES[name as keyof typeof NETWORK_PROFILES] };
  for (const change of changes) {
    const [key = "", value = ""] = change.split("=");
    const field = Object.hasOwn(CHANGES, key) ? CHANGES[key] : undefined;
    const number = Number(value);
    const max = field === "jitter" || field === "loss" ? 1 : 2 ** 31 - 1;
    if (field === undefined || value === "" || !(number >= 0 && number <= max))
      throw new Error(`network "${change}": write one of ${Object.keys(CHANGES).join(", ")} as name=number, such as loss=0.01`);
    profile[field] = number;
  }
  return profile;
}

/** The other side of a call. */
export type NetworkTarget =
  | { readonly kind: "object"; readonly name: string | undefined } // undefined for an object whose id was not made from a name
  | { readonly kind: "kv" }
  | { readonly kind: "service" };

/** How one call is carried. A call that is lost fails after both times; with "after" the callee has run. */
export interface Trip {
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly lost: "no" | "before" | "after";
}

export class NetworkPlan {
  readonly #profile: NetworkProfile;
  readonly #region: string | undefined;
  readonly #startsUntil = new Map<string, number>(); // objects that have been called, by name: epoch ms of the end of their start
  #random: number;

  /** @param region of the isolate; undefined where all objects are equally far */
  constructor(profile: NetworkProfile, region: string | undefined) {
    this.#profile = profile;
    this.#region = region;
    this.#random = profile.seed >>> 0;
  }

  /** @param now epoch ms */
  tripTo(target: NetworkTarget, now: number): Trip {
    const { jitter, loss } = this.#profile;
    const roundTripMs = this.#roundTripMs(target) * (1 + jitter * (2 * this.#next() - 1));
    const half = roundTripMs / 2;
    const draw = this.#next();
    const lost = draw < loss / 2 ? "before" : draw < loss ? "after" : "no";
    return { beforeMs: half + (target.kind === "object" ? this.#startMs(target.name, now) : 0), afterMs: half, lost };
  }

  #roundTripMs(target: NetworkTarget): number {
    const { objectMs, nearMs, kvMs, serviceMs } = this.#profile;
    if (target.kind === "kv") return kvMs;
    if (target.kind === "service") return serviceMs;
    return this.#region !== undefined && target.name?.startsWith(`${this.#region}/`) === true ? nearMs : objectMs;
  }

  /** An object starts with its first call; what arrives until then waits for the end of its start. */
  #startMs(name: string | undefined, now: number): number {
    const { coldMs } = this.#profile;
    if (name === undefined || coldMs === 0) return 0;
    const until = this.#startsUntil.get(name) ?? now + coldMs;
    this.#startsUntil.set(name, until);
    return Math.max(0, until - now);
  }

  /** mulberry32. @returns a number in [0, 1) */
  #next(): number {
    this.#random = (this.#random + 0x6d2b79f5) >>> 0;
    let z = this.#random;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  }
}
