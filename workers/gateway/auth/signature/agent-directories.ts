// The keys of agents, as the relay of the region fetches their directories. No call waits for them.
import { directoryPath } from "../../../../core/auth/signature/directory.ts";
import type { AgentsPolicy } from "../../../../core/config/auth/agents.ts";
import type { ExchangeReply } from "../../../../core/exchange/messages.ts";
import type { Exchange, ExchangeDraft, ExchangeSection } from "../../background/exchange.ts";

/** Agents of which an isolate keeps keys, beside those of the configuration; the one that was named longest ago goes first. */
const MAX_OPENED = 64;
const REFRESH_MS = 3_600_000; // age of keys after which the relay fetches a directory again
const REFETCH_MS = 60_000; // shortest time between two fetches of a directory
const MAX_STALE_MS = 86_400_000; // age of keys after which they count no longer

interface Directory {
  readonly keys: ReadonlyMap<string, string>; // public keys (base64url) by thumbprint
  readonly version: string; // "" for none
  readonly knownAt: number; // epoch ms at which the relay requested them of the agent, or earlier
  readonly missing: string | undefined; // thumbprint that the next exchange names
}

const EMPTY: Directory = { keys: new Map(), version: "", knownAt: Number.NEGATIVE_INFINITY, missing: undefined };

/** `pending`: the directory has not been fetched. */
export type AgentKey = { readonly publicKey: string } | "unknown_agent" | "unknown_key" | "pending";

export class AgentDirectories implements ExchangeSection {
  readonly isNeeded = false; // a directory that does not respond hurries nothing
  readonly #policy: Pick<AgentsPolicy, "directories" | "open">;
  readonly #exchange: Pick<Exchange, "add" | "require">;
  readonly #listed: Map<string, Directory>;
  readonly #opened = new Map<string, Directory>();

  /** @param previous the directories under other settings: what they know of the same agents holds */
  constructor(
    policy: Pick<AgentsPolicy, "directories" | "open">,
    exchange: Pick<Exchange, "add" | "require">,
    previous?: AgentDirectories,
  ) {
    this.#policy = policy;
    this.#exchange = exchange;
    this.#listed = new Map(policy.directories.map((origin) => [origin, previous?.known(origin) ?? EMPTY]));
    exchange.add(this);
  }

  known(origin: string): Directory | undefined {
    return this.#listed.get(origin) ?? this.#opened.get(origin);
  }

  /** @param origin as `coveredAgent` returns it */
  keyOf(origin: string, thumbprint: string, now: number): AgentKey {
    const group = this.#groupOf(origin);
    if (group === undefined) return "unknown_agent";
    const directory = group.get(origin) ?? EMPTY;
    const isKnown = now - directory.knownAt < MAX_STALE_MS;
    const publicKey = isKnown ? directory.keys.get(thumbprint) : undefined;
    const isNew = publicKey === undefined && directory.missing !== thumbprint;
    if (group === this.#opened) this.#opened.delete(origin); // the latest one is the last one
    group.set(origin, isNew ? { ...directory, missing: thumbprint } : directory);
    if (this.#opened.size > MAX_OPENED) for (const oldest of this.#opened.keys()) if (this.#opened.delete(oldest)) break;
    if (publicKey !== undefined) return { publicKey };
    if (!isKnown && isNew) this.#exchange.require(now);
    return isKnown ? "unknown_key" : "pending";
  }

  write(draft: ExchangeDraft): void {
    for (const [origin, { version, missing }] of [...this.#listed, ...this.#opened])
      draft.issuers = {
        ...draft.issuers,
        [nameOf(origin)]: {
          source: { kind: "directory", url: directoryPath(origin) },
          ...{ refreshMs: REFRESH_MS, refetchMs: REFETCH_MS, known: version },
          ...(missing === undefined ? {} : { missing }),
        },
      };
  }

  read({ issuers = {} }: ExchangeReply, sentAt: number): void {
    for (const group of [this.#listed, this.#opened])
      for (const [origin, directory] of group) {
        const name = nameOf(origin);
        const reply = Object.hasOwn(issuers, name) ? issuers[name] : undefined;
        if (reply === undefined || sentAt - reply.ageMs < directory.knownAt) continue;
        const known = { knownAt: sentAt - reply.ageMs, version: reply.version, missing: undefined };
        const keys = reply.kind === "unchanged" ? directory.keys : keysIn(reply.jwks.keys);
        group.set(origin, { ...known, keys });
      }
  }

  #groupOf(origin: string): Map<string, Directory> | undefined {
    if (this.#listed.has(origin)) return this.#listed;
    return this.#policy.open ? this.#opened : undefined;
  }
}

/** An agent may be an issuer of JWTs, too: its directory has a name of its own in the exchange. */
function nameOf(origin: string): string {
  return `agent ${origin}`;
}

function keysIn(keys: readonly { readonly kid?: string; readonly [member: string]: unknown }[]): ReadonlyMap<string, string> {
  return new Map(keys.flatMap(({ kid, x }) => (kid === undefined || typeof x !== "string" ? [] : [[kid, x] as const])));
}
