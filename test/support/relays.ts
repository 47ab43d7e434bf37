// Relays in the process of a test, over root objects that may be the test's own.
import type { KeysQuestion } from "../../core/exchange/key-messages.ts";
import type { ExchangeRequest } from "../../core/exchange/messages.ts";
import { ExchangeServer, type RelayBindings } from "../../durable-objects/relay/exchange-server.ts";

const ROOTS = ["CIRCUIT_BREAKER", "HASH_RING", "PURGE_LOG", "KEY_STORE"];

/** @returns the bindings with `RELAY`, where they have root objects and no relays of their own */
export function withRelays<Env extends Readonly<Record<string, unknown>>>(bindings: Env): Env & { readonly RELAY?: unknown } {
  if ("RELAY" in bindings || ROOTS.every((name) => bindings[name] === undefined)) return bindings;
  const relays = new Map<string, ExchangeServer>();
  const getByName = (name: string) => {
    const relay = relays.get(name) ?? new ExchangeServer(bindings as RelayBindings, Date.now());
    relays.set(name, relay);
    return { exchange: (request: ExchangeRequest) => relay.exchange(request), keys: (question: KeysQuestion) => relay.keys(question) };
  };
  return { ...bindings, RELAY: { getByName } };
}
