// Gateways with API keys in the process of a test: each is an isolate of its own, and all share a relay, which counts, fails and hangs.
import { env } from "cloudflare:workers";
import type { GatewayInput } from "../../core/config/gateway.ts";
import type { KeysAnswer, KeysQuestion } from "../../core/exchange/key-messages.ts";
import type { ExchangeReply, ExchangeRequest } from "../../core/exchange/messages.ts";
import { ExchangeServer } from "../../durable-objects/relay/exchange-server.ts";
import type { KeyStores } from "../../durable-objects/relay/key-server.ts";
import { gatewayTo, unary, userFor } from "./gateway.ts";

export const KEYS_TOKEN = "the secret of those who issue keys, long enough";
export const SECRETS = {
  KEYS_TOKEN,
  KEY_TAG_SECRET_1: "the first secret of the tags, 32 characters or more",
  KEY_TAG_SECRET_2: "the second secret of the tags, 32 characters or more",
};
export const KEYS = { env: "test", tagSecrets: ["KEY_TAG_SECRET_1"], tokenBinding: "KEYS_TOKEN" } as const;

interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, never>> & { readonly code?: string };
}

/** A relay, and the isolates of its region. */
export class KeyWorld {
  questions: KeysQuestion[] = [];
  exchanges = 0;
  reads = 0; // keys that were read from their Durable Objects
  isDown = false;
  isHung = false;
  readonly seen: Request[] = []; // requests that the upstream got
  readonly #relay: ExchangeServer;

  constructor() {
    const stores: KeyStores = {
      getByName: (name) => ({
        read: async (ids) => {
          this.reads += ids.length;
          return await env.KEY_STORE.getByName(name).read(ids);
        },
        since: async (known) => await env.KEY_STORE.getByName(name).since(known),
        stamp: async (uses) => await env.KEY_STORE.getByName(name).stamp(uses),
      }),
    };
    this.#relay = new ExchangeServer({ KEY_STORE: stores }, Date.now());
  }

  /** A new isolate: a function that sends requests to it. */
  isolate(keys: object = {}, input: Partial<GatewayInput> = {}) {
    const relay = {
      exchange: (request: ExchangeRequest): Promise<ExchangeReply> => {
        this.exchanges += 1;
        return this.#reached(() => this.#relay.exchange(request));
      },
      keys: (question: KeysQuestion): Promise<KeysAnswer> => {
        this.questions.push(question);
        return this.#reached(() => this.#relay.keys(question));
      },
    };
    const config = { auth: { keys: { ...KEYS, ...keys } }, defaults: { auth: "required" }, ...input } as Partial<GatewayInput>;
    const upstream = (request: Request) => {
      this.seen.push(request);
      return userFor(request);
    };
    const bindings = { KEY_STORE: env.KEY_STORE, RELAY: { getByName: () => relay }, ...SECRETS };
    return gatewayTo(upstream, config, bindings);
  }

  async #reached<T>(respond: () => Promise<T>): Promise<T> {
    if (this.isHung) await new Promise(() => undefined);
    if (this.isDown) throw new Error("the relay cannot be reached");
    return respond();
  }
}

type Isolate = ReturnType<KeyWorld["isolate"]>;

/** A call with a key; its status. @param address of the caller */
export async function callWith(isolate: Isolate, key: string, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
  const sent = { authorization: `Bearer ${key}`, "cf-connecting-ip": address(), ...headers };
  return answered(await isolate(unary("GetUser", { id: "usr_01arz3ndektsv4rrffq69g5fav" }, sent)));
}

/** A call of KeyService. */
export async function adminCall(isolate: Isolate, method: string, message: object, token = KEYS_TOKEN): Promise<Answered> {
  const request = new Request(`https://gateway.example/tidegate.keys.v1.KeyService/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}`, "tidegate-operator": "ada" },
    body: JSON.stringify(message),
  });
  return answered(await isolate(request));
}

/** Issues a key. @returns its id and text */
export async function issue(isolate: Isolate, settings: object = {}): Promise<{ readonly id: string; readonly text: string }> {
  const { status, body } = await adminCall(isolate, "IssueKey", { settings: { owner: "acme", ...settings } });
  if (status !== 200) throw new Error(JSON.stringify(body));
  const { key, text } = body as unknown as { readonly key: { readonly id: string }; readonly text: string };
  return { id: key.id, text };
}

async function answered(response: Response): Promise<Answered> {
  return { status: response.status, body: (await response.json()) as Answered["body"] };
}

let addresses = 0;
/** Each call comes from another network: failures of one do not hold back the next. */
function address(): string {
  addresses += 1;
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
}
