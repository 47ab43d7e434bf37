// Proves the caller of each call of a service Worker, and what the calling Worker may call, or refuses the call in its protocol.
import type { ServiceImplSpec } from "@connectrpc/connect";
import type { IdentityProblem } from "../../../core/auth/identity/identity-claims.ts";
import { type Allow, callRules, type RuleRefusal } from "../../../core/mesh/call-rules.ts";
import { logEvent } from "../../log.ts";
import { sampled } from "../../sampled.ts";
import { drain } from "../body.ts";
import type { Platform } from "../host/platform.ts";
import { keysUnavailable, notAllowed, notProven } from "../refusal.ts";
import type { ProvenCaller } from "./caller.ts";
import { KEY_SET_PATH, keySetRoute, privateKeys } from "./key-set.ts";
import { type IdentityOptions, keysFrom } from "./options.ts";
import { IdentityVerifier } from "./verifier.ts";

type Proven = ProvenCaller | Response | undefined;

/** @returns the caller, or the response to a call that proves none; undefined for what needs no proof. A promise where something is verified. */
export type Prove = (request: Request, path: string, platform: Platform | undefined, now: number) => Proven | Promise<Proven>;

/** Health checks come from the Durable Objects of the gateway, on behalf of no caller. They tell whether the service serves. */
const OPEN = "/grpc.health.v1.Health/";

/**
 * @returns undefined where the service proves no callers
 * @throws Error for options that are written wrongly
 */
export function proofOf(options: IdentityOptions | undefined, services: readonly ServiceImplSpec[], env: unknown): Prove | undefined {
  if (options === undefined) return undefined;
  const { required = true, publish } = options;
  const verifier = verifierOf(options, services, env);
  const allow = allowOf(options, services);
  const keySet = publish === undefined ? undefined : keySetRoute(privateKeys(publish(env as never)));
  const refuse = refusals();
  const decide = (request: Request, path: string, proof: ProvenCaller | IdentityProblem, now: number): Proven | Promise<Proven> => {
    if (typeof proof === "string" && required) return refuse.unproven(request, proof, now);
    const proven = typeof proof === "string" ? undefined : proof;
    const refusal = allow?.(proven?.from.name, path.slice(1));
    return refusal === undefined ? proven : refuse.notAllowed(request, path, proven?.from.name, refusal, now);
  };
  return (request, path, platform, now) => {
    if (path.startsWith(OPEN)) return undefined;
    if (keySet !== undefined && path === KEY_SET_PATH) return keySet(request);
    const proof = verifier.verify(request, platform, now);
    return proof instanceof Promise ? proof.then((settled) => decide(request, path, settled, now)) : decide(request, path, proof, now);
  };
}

function verifierOf(
  { gateway = "tidegate", callers = [], keys, audience }: IdentityOptions,
  services: readonly ServiceImplSpec[],
  env: unknown,
): IdentityVerifier {
  const workerKeys = new Map<string, string>();
  for (const caller of callers) {
    const source = typeof caller === "string" ? undefined : keysFrom(caller.keys, env);
    if (source !== undefined) workerKeys.set(nameOf(caller), source);
  }
  return new IdentityVerifier({
    gateway,
    callers: callers.map(nameOf),
    keys: keysFrom(keys, env),
    workerKeys,
    audience: audience ?? services.map(({ service }) => service.typeName),
  });
}

function allowOf({ allow, gateway = "tidegate", callers = [] }: IdentityOptions, services: readonly ServiceImplSpec[]): Allow | undefined {
  if (allow === undefined) return undefined;
  const methods = services.flatMap(({ service }) => service.methods.map(({ name }) => `${service.typeName}/${name}`));
  return callRules(allow, gateway, callers.map(nameOf), methods);
}

const nameOf = (caller: NonNullable<IdentityOptions["callers"]>[number]): string => (typeof caller === "string" ? caller : caller.name);

/** The responses to refused calls. Each kind is logged at most once a second: whoever causes refusals may cause many. */
function refusals() {
  const [countUnproven, countNotAllowed] = [sampled(), sampled()];
  return {
    async unproven(request: Request, reason: IdentityProblem, now: number): Promise<Response> {
      const calls = countUnproven(now);
      if (calls > 0) logEvent("identity_refused", { requestId: request.headers.get("x-request-id"), reason, calls });
      await discard(request);
      return reason === "identity_keys_unavailable" ? keysUnavailable(request) : notProven(request);
    },
    async notAllowed(request: Request, path: string, from: string | undefined, reason: RuleRefusal, now: number): Promise<Response> {
      const calls = countNotAllowed(now);
      const requestId = request.headers.get("x-request-id");
      if (calls > 0)
        logEvent("service_call_refused", { requestId, route: path.slice(1, 1 + MAX_ROUTE), from: from ?? null, reason, calls });
      await discard(request);
      return notAllowed(request);
    },
  };
}

const MAX_ROUTE = 200; // characters; a caller writes the path

async function discard(request: Request): Promise<void> {
  if (request.body !== null) await drain(request.body.getReader());
}
