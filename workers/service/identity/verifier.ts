// Decides who makes a call of a service: by what the gateway or a Worker has signed, or by the service binding over which the call has come.
import { actorNames } from "../../../core/auth/identity/actors.ts";
import { type IdentityProblem, type IdentityRules, identityProblem } from "../../../core/auth/identity/identity-claims.ts";
import { IDENTITY_HEADER } from "../../../core/headers.ts";
import type { Platform } from "../host/platform.ts";
import { callerFrom, type ProvenCaller } from "./caller.ts";
import { isSignedBy, type ParsedIdentity, parseIdentity } from "./identity-token.ts";
import { PublishedKeys } from "./published-keys.ts";

/** `ctx.props` of the Worker: constants of a deployed binding, which no request can change. */
export interface CallerProps {
  readonly caller?: unknown;
}

export interface VerifierSettings {
  readonly gateway: string;
  readonly callers: readonly string[]; // Workers that are believed over bindings
  readonly keys: string | undefined; // keys of the gateway, or their address
  readonly workerKeys?: ReadonlyMap<string, string>; // those of Workers, by name
  readonly audience: readonly string[];
}

/** Those whose signatures are believed. */
interface Signer {
  readonly rules: IdentityRules;
  readonly keys: PublishedKeys | undefined;
}

const UNNAMED = callerFrom({ iss: "", aud: "", kind: "anonymous", iat: 0, exp: 0 });
const UNNAMED_CALL = { text: "", parsed: undefined };
/** Tokens that have been verified: the gateway uses each for many calls. */
const MAX_VERIFIED = 1_000;
const MAX_VERIFIED_LENGTH = 2_048; // characters; longer ones are verified each time, so that the map holds at most 2 MiB

type Proof = ProvenCaller | IdentityProblem;

export class IdentityVerifier {
  readonly #gateway: string;
  readonly #unnamed: ReadonlyMap<string, ProvenCaller>; // what a call without claims proves, for each `caller` in `props`
  readonly #signers: ReadonlyMap<string, Signer>; // keys: `iss`
  readonly #verified = new Map<string, { readonly proven: ProvenCaller; readonly parsed: ParsedIdentity; readonly rules: IdentityRules }>();

  /** @throws Error for keys that are written wrongly, and for a Worker that has the name of the gateway */
  constructor({ gateway, callers, keys, workerKeys = new Map(), audience }: VerifierSettings) {
    this.#gateway = gateway;
    if (callers.includes(gateway)) throw new Error(`identity.callers: found "${gateway}", the name of the gateway; leave it out`);
    this.#unnamed = new Map([gateway, ...callers].map((name) => [name, this.#proven(UNNAMED_CALL, name)]));
    const signer = (issuer: string, source: string | undefined, isWorker: boolean): [string, Signer] => [
      issuer,
      { rules: { issuer, audience, isWorker }, keys: source === undefined ? undefined : new PublishedKeys(source) },
    ];
    this.#signers = new Map([signer(gateway, keys, false), ...[...workerKeys].map(([name, source]) => signer(name, source, true))]);
  }

  /** @param platform with the `props` of the binding over which the call has come; of calls over URLs they are empty @returns a promise for a token that is new here */
  verify({ headers }: { readonly headers: Headers }, platform: Platform | undefined, now: number): Proof | Promise<Proof> {
    const text = headers.get(IDENTITY_HEADER);
    const caller = ((platform?.props ?? undefined) as CallerProps | undefined)?.caller;
    const bound = typeof caller === "string" ? this.#unnamed.get(caller) : undefined;
    if (bound !== undefined) return text === null ? bound : this.#stated(text, caller as string);
    if (text === null) return "identity_missing";
    const known = this.#verified.get(text);
    if (known !== undefined) return identityProblem(known.parsed.claims, known.rules, now) ?? known.proven;
    return this.#verifyToken(text, platform, now);
  }

  /** What a believed binding states. A gateway acts for nobody but the caller, and states no Workers. */
  #stated(text: string, caller: string): Proof {
    const parsed = parseIdentity(text);
    if (typeof parsed === "string") return parsed;
    if (caller === this.#gateway && parsed.claims.act !== undefined) return "identity_actor";
    return this.#proven({ text, parsed }, caller);
  }

  async #verifyToken(text: string, platform: Platform | undefined, now: number): Promise<Proof> {
    const parsed = parseIdentity(text);
    if (typeof parsed === "string") return parsed;
    if (parsed.signed === undefined) return "identity_unsigned";
    const signer = this.#signers.get(parsed.claims.iss);
    if (signer === undefined) return "identity_issuer";
    const { keys, rules } = signer;
    const problem = identityProblem(parsed.claims, rules, now); // before any key is fetched for it
    if (problem !== undefined) return problem;
    const key = keys === undefined ? "unavailable" : await keys.find(parsed.signed.kid, platform);
    if (key === undefined) return "identity_key_unknown";
    if (key === "unavailable") return "identity_keys_unavailable";
    if (!(await isSignedBy(parsed.signed, key))) return "identity_signature";
    const proven = this.#proven({ text, parsed }, rules.issuer);
    if (text.length <= MAX_VERIFIED_LENGTH) {
      if (this.#verified.size >= MAX_VERIFIED) this.#verified.delete(this.#verified.keys().next().value!);
      this.#verified.set(text, { proven, parsed, rules });
    }
    return proven;
  }

  /** @param name of the gateway or Worker that is proven to have sent the call */
  #proven({ text, parsed }: { readonly text: string; readonly parsed: ParsedIdentity | undefined }, name: string): ProvenCaller {
    const claims = parsed?.claims;
    const stated = actorNames(claims?.act);
    const before = parsed?.signed === undefined ? stated : stated.slice(1); // a signer names itself first
    return {
      caller: claims === undefined ? UNNAMED : callerFrom(claims),
      from: { name, before },
      isFromGateway: name === this.#gateway,
      claims,
      payload: parsed?.signed === undefined ? text : text.split(".")[1]!,
    };
  }
}
