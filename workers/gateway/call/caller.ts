// Who makes a call, as far as the gateway can tell.
import { addressKey } from "../../../core/ip.ts";

export class Caller {
  readonly address: string | null; // as Cloudflare's edge reports it
  readonly principal: string | undefined; // as the configured header names the caller; an empty value is none
  #network: string | undefined;

  constructor(headers: Headers, principalHeader: string | undefined) {
    this.address = headers.get("cf-connecting-ip");
    this.principal = (principalHeader === undefined ? null : headers.get(principalHeader)) || undefined;
  }

  /** The address as calls are counted by it: one IPv4 address, one IPv6 /64, or `unknown`. */
  get network(): string {
    this.#network ??= addressKey(this.address);
    return this.#network;
  }
}
