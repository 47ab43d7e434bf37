// Proves the caller of each call of a service Worker, or refuses the call in its protocol.
import type { ServiceImplSpec } from "@connectrpc/connect";
import type { IdentityProblem } from "../../../core/auth/identity/identity-claims.ts";
import { logEvent } from "../../log.ts";
import { sampled } from "../../sampled.ts";
import { drain } from "../body.ts";
import type { Platform } from "../host/platform.ts";
import { keysUnavailable, notProven } from "../refusal.ts";
import type { ProvenCaller } from "./caller.ts";
import { type IdentityOptions, IdentityVerifier } from "./verifier.ts";

type Proven = ProvenCaller | Response | undefined;

/** @returns the caller, or the response to a call that proves none; undefined for what needs no proof. A promise where something is verified. */
export type Prove = (request: Request, path: string, platform: Platform | undefined, now: number) => Proven | Promise<Proven>;

/** Health checks come from the Durable Objects of the gateway, on behalf of no caller. They tell whether the service serves. */
const OPEN = "/grpc.health.v1.Health/";

/** @returns undefined where the service proves no callers */
export function proofOf(options: IdentityOptions | undefined, services: readonly ServiceImplSpec[], env: unknown): Prove | undefined {
  if (options === undefined) return undefined;
  const { gateway = "tidegate", callers = [], keys, required = true } = options;
  const { audience = services.map(({ service }) => service.typeName) } = options;
  const source = typeof keys === "function" ? keys(env as never) : keys;
  const verifier = new IdentityVerifier({ gateway, callers, keys: source, audience });
  const count = sampled();
  const refuse = async (request: Request, reason: IdentityProblem, now: number): Promise<Response> => {
    const calls = count(now);
    if (calls > 0) logEvent("identity_refused", { requestId: request.headers.get("x-request-id"), reason, calls });
    if (request.body !== null) await drain(request.body.getReader());
    return reason === "identity_keys_unavailable" ? keysUnavailable(request) : notProven(request);
  };
  const decide = (request: Request, proven: ProvenCaller | IdentityProblem, now: number): Proven | Promise<Proven> => {
    if (typeof proven !== "string") return proven;
    return required ? refuse(request, proven, now) : undefined;
  };
  return (request, path, platform, now) => {
    if (path.startsWith(OPEN)) return undefined;
    const proven = verifier.verify(request, platform, now);
    return proven instanceof Promise ? proven.then((settled) => decide(request, settled, now)) : decide(request, proven, now);
  };
}
