// Who makes a call, as far as the gateway can tell.
import { addressKey } from "../../../core/ip.ts";

export class Caller {
  readonly address: string | null; // the one that Cloudflare's edge reports
  readonly principal: string | undefined; // value of the configured header; an empty value counts as none
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
