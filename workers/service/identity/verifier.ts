// Decides who makes a call of a service: by what the gateway has signed, or by the service binding over which the call has come.
import { type IdentityProblem, identityProblem } from "../../../core/auth/identity/identity-claims.ts";
import { IDENTITY_HEADER } from "../../../core/headers.ts";
import type { Platform } from "../host/platform.ts";
import { callerFrom, type ProvenCaller } from "./caller.ts";
import { isSignedBy, type ParsedIdentity, parseIdentity } from "./identity-token.ts";
import { PublishedKeys } from "./published-keys.ts";

export interface IdentityOptions {
  /** Name of the gateway: `auth.identity.name` of its configuration, and `caller` in `props` of its service binding. "tidegate" by default. */
  readonly gateway?: string;
  /** Other Workers that call this one over a binding whose `props` have this `caller`; they pass the caller of their own call on. None by default. */
  readonly callers?: readonly string[];
  /**
   * For calls over a URL: the address of the gateway's keys, `https://gateway.example/.well-known/tidegate/jwks.json`, or the keys themselves
   * as JSON; from the environment of the Worker, or for all environments. Without it, such calls are refused.
   */
  readonly keys?: string | ((env: never) => string | undefined);
  /**
   * False: calls that prove nothing are served, too, and `callerOf` is undefined for them. Only for a Worker without a public address. True by
   * default.
   */
  readonly required?: boolean;
  /** Names by which the gateway calls this Worker. By default the full names of its services. */
  readonly audience?: readonly string[];
}

/** `ctx.props` of the Worker: constants of a deployed binding, which no request can change. */
export interface CallerProps {
  readonly caller?: unknown;
}

interface Settings {
  readonly gateway: string;
  readonly callers: readonly string[];
  readonly keys: string | undefined;
  readonly audience: readonly string[];
}

const ANONYMOUS: ProvenCaller = {
  caller: callerFrom({ iss: "", aud: "", kind: "anonymous", iat: 0, exp: 0 }),
  payload: "",
};
/** Tokens that have been verified: the gateway uses each for many calls. */
const MAX_VERIFIED = 1_000;
const MAX_VERIFIED_LENGTH = 2_048; // characters; longer ones are verified each time, so that the map holds at most 2 MiB

type Proof = ProvenCaller | IdentityProblem;

export class IdentityVerifier {
  readonly #settings: Settings;
  readonly #keys: PublishedKeys | undefined;
  readonly #verified = new Map<string, { readonly proven: ProvenCaller; readonly parsed: ParsedIdentity }>();

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#keys = settings.keys === undefined ? undefined : new PublishedKeys(settings.keys);
  }

  /** @param platform with the `props` of the binding over which the call has come; of calls over URLs they are empty @returns a promise for a token that is new here */
  verify({ headers }: { readonly headers: Headers }, platform: Platform | undefined, now: number): Proof | Promise<Proof> {
    const text = headers.get(IDENTITY_HEADER);
    if (this.#isBelieved((platform?.props ?? undefined) as CallerProps | undefined)) {
      if (text === null) return ANONYMOUS;
      const parsed = parseIdentity(text);
      return typeof parsed === "string" ? parsed : provenBy(text, parsed);
    }
    if (text === null) return "identity_missing";
    const known = this.#verified.get(text);
    if (known !== undefined) return identityProblem(known.parsed.claims, this.#rules, now) ?? known.proven;
    return this.#verifyToken(text, platform, now);
  }

  #isBelieved(props: CallerProps | undefined): boolean {
    const caller = props?.caller;
    return caller === this.#settings.gateway || (typeof caller === "string" && this.#settings.callers.includes(caller));
  }

  get #rules() {
    return { issuer: this.#settings.gateway, audience: this.#settings.audience };
  }

  async #verifyToken(text: string, platform: Platform | undefined, now: number): Promise<Proof> {
    const parsed = parseIdentity(text);
    if (typeof parsed === "string") return parsed;
    if (parsed.signed === undefined) return "identity_unsigned";
    const problem = identityProblem(parsed.claims, this.#rules, now); // before any key is fetched for it
    if (problem !== undefined) return problem;
    const key = this.#keys === undefined ? "unavailable" : await this.#keys.find(parsed.signed.kid, platform);
    if (key === undefined) return "identity_key_unknown";
    if (key === "unavailable") return "identity_keys_unavailable";
    if (!(await isSignedBy(parsed.signed, key))) return "identity_signature";
    const proven = provenBy(text, parsed);
    if (text.length <= MAX_VERIFIED_LENGTH) {
      if (this.#verified.size >= MAX_VERIFIED) this.#verified.delete(this.#verified.keys().next().value!);
      this.#verified.set(text, { proven, parsed });
    }
    return proven;
  }
}

function provenBy(text: string, { claims, signed }: ParsedIdentity): ProvenCaller {
  return { caller: callerFrom(claims), payload: signed === undefined ? text : text.split(".")[1]! };
}
