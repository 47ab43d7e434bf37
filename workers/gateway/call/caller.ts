// Where a call comes from, as far as the gateway can tell.
import { addressKey } from "../../../core/ip.ts";
import type { ReceivedHeaders } from "../../../core/protocol/received-headers.ts";

export class Caller {
  readonly address: string | null; // the one that Cloudflare's edge reports; behind a service binding, what the calling Worker has sent
  readonly #worker: string | null;
  #network: string | undefined;

  constructor({ address, worker }: ReceivedHeaders) {
    this.address = address;
    this.#worker = worker;
  }

  /** The address as calls are counted by it: one IPv4 address, one IPv6 /64, one zone of Workers, or `unknown`. */
  get network(): string {
    this.#network ??= addressKey(this.address, this.#worker);
    return this.#network;
  }
}
