// The public keys of one issuer in a relay: fetched in the background, at most once in an interval whatever tokens say.
import type { JwkSet } from "../auth/jwt/public-key.ts";
import { hash32 } from "../hash.ts";
import type { FetchBudget } from "./fetch-budget.ts";
import type { IssuerQuery, IssuerReply } from "./issuer-messages.ts";
import { RootRequests } from "./root-requests.ts";

/** A request to the issuer itself. */
export interface IssuerRequest {
  readonly kind: "issuer";
  readonly issuer: string;
  readonly name: string; // `issuerName` of it
  readonly sequence: number;
  readonly sentAt: number; // epoch ms
  readonly source: IssuerQuery["source"];
  readonly isAwaited: boolean; // calls cannot be decided without the response
}

export class RelayedIssuer {
  readonly #issuer: string;
  readonly #name: string;
  readonly #requests = new RootRequests();
  #jwks: JwkSet | undefined;
  #version = "";

  constructor(issuer: string, name: string) {
    this.#issuer = issuer;
    this.#name = name;
  }

  get requests(): RootRequests {
    return this.#requests;
  }

  /** @param directories how many of them are fetched in all @returns the request that is due now */
  receive({ source, refreshMs, refetchMs, missing }: IssuerQuery, now: number, directories?: FetchBudget): IssuerRequest | undefined {
    const isMissing = missing !== undefined && this.#jwks?.keys.some(({ kid }) => kid === missing) !== true;
    const isAwaited = this.#jwks === undefined || isMissing;
    const isOld = this.#requests.ageMs(now) >= refreshMs;
    if (!(isAwaited || isOld) || !this.#requests.isDue(now, refetchMs)) return undefined;
    if (source.kind === "directory" && directories?.take(now) === false) return undefined;
    const sequence = this.#requests.start(now);
    return { kind: "issuer", issuer: this.#issuer, name: this.#name, sequence, sentAt: now, source, isAwaited };
  }

  apply({ sequence, sentAt }: IssuerRequest, jwks: JwkSet): void {
    if (!this.#requests.succeed(sequence, sentAt)) return;
    this.#jwks = jwks;
    const text = JSON.stringify(jwks);
    this.#version = `${text.length}-${hash32(text)}-${hash32(`${text}/`)}`;
  }

  /** @returns undefined where no keys are known */
  replyFor({ known }: IssuerQuery, now: number): IssuerReply | undefined {
    if (this.#jwks === undefined) return undefined;
    const facts = { version: this.#version, ageMs: this.#requests.ageMs(now) };
    return known === this.#version ? { kind: "unchanged", ...facts } : { kind: "changed", ...facts, jwks: this.#jwks };
  }
}

/** The name of an issuer in a relay: another source of the same issuer has keys of its own. */
export function issuerName(issuer: string, { kind, url }: IssuerQuery["source"]): string {
  return `${issuer} ${kind} ${url}`;
}
