// Admits a call of an admin service by its host, its origin and its credential, before a byte of its body is read.
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { isAtHost } from "../../../core/auth/admin-host.ts";
import { type AdminRole, adminRoleOf, isAtLeast } from "../../../core/auth/admin-role.ts";
import type { AuditEvent } from "../../../core/auth/audit-event.ts";
import { isCrossSite } from "../../../core/auth/cross-site.ts";
import { identityClaims } from "../../../core/auth/identity/identity-claims.ts";
import type { Principal } from "../../../core/auth/principal.ts";
import { ENFORCED } from "../../../core/config/enforcement.ts";
import { IDENTITY_HEADER } from "../../../core/headers.ts";
import { Rejected, type Rejection } from "../../../core/rejection.ts";
import { logEvent } from "../../log.ts";
import { sampled } from "../../sampled.ts";
import { encodeIdentity } from "../../service/identity/identity-token.ts";
import { Attempts } from "../auth/attempts.ts";
import type { Handler, Layer, Responding } from "../call/layer.ts";
import { type Call, logFactsOf } from "../call.ts";
import { hasBearer } from "../protocol/bearer.ts";

/** Who may call one admin service. */
export interface AdminAccess {
  readonly owner: string; // the service that the token is for, as messages name it
  readonly token: string; // the secret of its `tokenBinding`; "" for none
  readonly tokenName: string; // name of that secret
  readonly otherTokens: readonly string[]; // secrets of the other admin services: they are known, and not for this one
  readonly changes: AdminRole; // role that methods with side effects need; the others need viewer. Where it is viewer, there are no others
  readonly reading: ReadonlySet<string>; // names of methods that read, too, and must not be called by GET: a URL would have a secret
  readonly plane: AdminPlane;
}

/** What all admin services of an isolate share. */
export interface AdminPlane {
  readonly limits: AdminLimits;
  readonly secret: string; // the value of `admin.secretBinding`; "" for none
  readonly secretName: string;
  readonly host: string | undefined; // the only host at which admin services are served
  readonly accessIssuer: string | undefined; // `iss` of Cloudflare Access
  readonly roles: ReadonlyMap<string, AdminRole>; // callers of Access by e-mail address or id
  /** Whether a request without a credential may read. */
  readonly isLocalViewer: (request: Request) => boolean;
  /** Stores an event. Never rejects. */
  readonly record: (event: AuditEvent) => Promise<void>;
  /** Stores an event after the response. */
  readonly recordLater: (event: AuditEvent) => void;
}

export class AdminLimits {
  readonly attempts = new Attempts(); // with a wrong credential, by network
  readonly calls = new Attempts({ capacity: 100, rate: 20, intervalMs: 1_000 }); // counts known callers, by identity
  readonly count = sampled(); // refused calls that are logged
  readonly denied = sampled(); // denied calls that are recorded
}

/** The header in which the service reads at which host the call has arrived. */
export const ARRIVED_AT_HEADER = "x-forwarded-host";
/** Name of the gateway towards its own services. */
export const OWN_NAME = "tidegate";
const ROLE_CLAIM = "role";
/** A caller on the machine of the gateway, without a credential: its role is viewer. */
export const LOCAL_VIEWER: Principal = { kind: "service", id: "local-viewer", scopes: [], claims: {}, expiresAt: Number.POSITIVE_INFINITY };
/** How calls of admin services are authenticated: callers that are not known, and those without a role, are refused here. */
export const ADMIN_AUTH = { auth: "optional", authEnforcement: ENFORCED, scopes: [] } as const;

/**
 * @param authenticate proves callers by the configured kinds of credentials, and refuses calls without one; undefined where none of them
 *                     can be of an admin
 */
export function adminAccess(access: AdminAccess | undefined, authenticate: Layer | undefined): Layer | undefined {
  if (access === undefined) return undefined;
  return (next) => {
    const asPrincipal = authenticate?.((call) => admit(access, call, call.principal, next));
    return async (call) => {
      const { headers, url } = call.request;
      const { host } = new URL(url);
      const ownHost = access.plane.host;
      if (ownHost !== undefined && !isAtHost(url, ownHost) && !isLocalReading(access, call))
        throw new Rejected({ kind: "unknown_procedure", procedure: call.route.path });
      if (isCrossSite(headers.get("sec-fetch-site"), headers.get("origin"), host))
        refuse(access, call, "origin", {
          kind: "permission_denied",
          reason: "admin_origin",
          message: "admin services cannot be called by web pages of other origins",
        });
      call.outgoing.headers.set(ARRIVED_AT_HEADER, host);
      const secret = secretOf(access, headers);
      if (secret === undefined && isOtherToken(access, call)) return refuseCredential(access, call);
      return secret !== undefined || asPrincipal === undefined ? admit(access, call, secret, next) : asPrincipal(call);
    };
  };
}

/** The role of every secret is admin. */
function secretOf({ plane, token, tokenName }: AdminAccess, headers: Headers): Principal | undefined {
  const name = hasBearer(headers, plane.secret) ? plane.secretName : hasBearer(headers, token) ? tokenName : undefined;
  if (name === undefined) return undefined;
  return { kind: "service", id: `secret:${name}`, scopes: [], claims: { [ROLE_CLAIM]: "admin" }, expiresAt: Number.POSITIVE_INFINITY };
}

/** A known caller: its role decides, and its own limit. A right credential is never held back by calls of strangers at its address. */
function admit(access: AdminAccess, call: Call, proven: Principal | undefined, next: Handler): Responding {
  const { plane } = access;
  const principal = proven ?? (isLocalReading(access, call) ? LOCAL_VIEWER : undefined);
  if (principal === undefined) return refuseCredential(access, call);
  const isSecret = principal.kind === "service" && principal.claims[ROLE_CLAIM] === "admin";
  const role = principal === LOCAL_VIEWER ? "viewer" : isSecret ? "admin" : adminRoleOf(principal, plane.accessIssuer, plane.roles);
  const needed = isReading(access, call) ? "viewer" : access.changes;
  if (role === undefined || !isAtLeast(role, needed)) {
    if (plane.limits.denied(Date.now()) > 0) plane.recordLater(eventOf(call, principal.id, role));
    const facts = { ...logFactsOf(call), address: call.caller.network };
    logEvent("audit_denied", { ...facts, identity: principal.id, reason: "admin_role" });
    const rejection: Rejection = { kind: "permission_denied", reason: "admin_role", message: `this credential has not the role ${needed}` };
    refuse(access, call, "role", rejection);
  }
  const retryAfterMs = plane.limits.calls.count(principal.id, Date.now());
  if (retryAfterMs > 0) refuse(access, call, "calls", { kind: "rate_limited", rule: "admin calls", retryAfterMs, quotas: [] });
  call.outgoing.headers.set(IDENTITY_HEADER, encodeIdentity(statedTo(call, principal, role)));
  return next(call);
}

/** What the service learns of its caller. */
function statedTo(call: Call, principal: Principal, role: AdminRole) {
  const stated = { ...principal, claims: { [ROLE_CLAIM]: role } };
  return identityClaims(stated, OWN_NAME, call.route.service, [ROLE_CLAIM], call.receivedAt);
}

function isReading({ reading, changes }: AdminAccess, { route: { method } }: Call): boolean {
  if (changes === "viewer") return true;
  return method?.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS || (method !== undefined && reading.has(method.name));
}

function isLocalReading(access: AdminAccess, call: Call): boolean {
  return isReading(access, call) && access.plane.isLocalViewer(call.request);
}

function refuseCredential(access: AdminAccess, call: Call): never {
  const { owner, plane } = access;
  const retryAfterMs = plane.limits.attempts.count(call.caller.network, Date.now());
  if (retryAfterMs > 0) refuse(access, call, "attempts", { kind: "rate_limited", rule: "wrong credentials", retryAfterMs, quotas: [] });
  if (isOtherToken(access, call))
    refuse(access, call, "credential", {
      kind: "permission_denied",
      reason: "admin_other_token",
      message: `this token is not for the ${owner}`,
    });
  const message = `missing or wrong bearer token for the ${owner}; send Authorization: Bearer TOKEN`;
  refuse(access, call, "credential", { kind: "unauthenticated", reason: "admin_credential", message });
}

function isOtherToken({ otherTokens }: AdminAccess, { request: { headers } }: Call): boolean {
  return otherTokens.some((token) => hasBearer(headers, token));
}

function refuse({ plane }: AdminAccess, call: Call, reason: string, rejection: Rejection): never {
  const calls = plane.limits.count(Date.now());
  if (calls > 0) logEvent("admin_call_refused", { ...logFactsOf(call), address: call.caller.network, reason, calls });
  throw new Rejected(rejection);
}

function eventOf(call: Call, identity: string, role: AdminRole | undefined): AuditEvent {
  const { name: route } = call.route;
  return { outcome: "denied", identity, role: role ?? "", route, subject: "", address: call.caller.network, requestId: call.id };
}
