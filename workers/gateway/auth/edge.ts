// What the platform itself says of a request: what its edge has added, and who came through Cloudflare Access.
import { placeOf } from "../region/isolate-region.ts";

/** `ctx.access` of the platform, where Access is in front of the Worker. */
export interface AccessContext {
  readonly aud: string;
  getIdentity(): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** What is used of the TLS client certificate that the edge reports in `request.cf`. */
export interface ClientCertificate {
  readonly certPresented?: string;
  readonly certVerified?: string;
  readonly certRevoked?: string;
  readonly certFingerprintSHA256?: string;
  readonly certNotAfter?: string;
}

const contexts = new WeakMap<Request, AccessContext>();
const originals = new WeakMap<Request, Request>(); // keyed by requests that the gateway has made from them

/** To be called with each request that has one, before it is handled. */
export function rememberAccess(request: Request, context: AccessContext): void {
  contexts.set(request, context);
}

/** @returns `made`, which stands for `from` in all that the platform says of it */
export function standingFor(made: Request, from: Request): Request {
  originals.set(made, originals.get(from) ?? from);
  return made;
}

export function accessOf(request: Request): AccessContext | undefined {
  return contexts.get(originals.get(request) ?? request);
}

/**
 * Whether the edge has received the request: it adds the data center. A Worker that calls over a binding can only pass on what the edge
 * has written for its own request; whoever deploys Workers to the account is trusted.
 */
export function isFromEdge(request: Request): boolean {
  const { colo } = placeOf(originals.get(request) ?? request);
  return typeof colo === "string" && colo !== "";
}

/** @returns undefined where no certificate was presented, and for requests that the edge has not received */
export function certificateOf(request: Request): ClientCertificate | undefined {
  if (!isFromEdge(request)) return undefined;
  const { tlsClientAuth } = placeOf(originals.get(request) ?? request) as { readonly tlsClientAuth?: ClientCertificate };
  return tlsClientAuth?.certPresented === "1" ? tlsClientAuth : undefined;
}
