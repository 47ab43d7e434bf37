// What a kind of credential is to the gateway: how it is found in a call, and how it proves who calls.
import type { Principal } from "../../../core/auth/principal.ts";
import type { AuthFailure } from "../../../core/auth/refusal.ts";
import type { Call } from "../call.ts";

/** What is known of a call before its body is read. `digests` is written by the authenticator whose credential covers the body. */
export type CallHead = Pick<
  Call,
  "request" | "protocol" | "route" | "received" | "caller" | "outgoing" | "receivedAt" | "deadlineAt" | "digests"
>;

/** A credential as it came, not verified. */
export interface Credential {
  readonly text: string;
}

/** Who it is, or why that is not known. */
export type Proof = Principal | AuthFailure;

/** Proves callers by one kind of credential. */
export interface Authenticator<C extends Credential = Credential> {
  readonly name: "jwt" | "key" | "signature" | "access" | "certificate";
  /** Whether its credentials come in `Authorization`: one that none of these finds is malformed. */
  readonly readsAuthorization: boolean;
  /** The connection has it, not the call: it counts where the call brings no other one. */
  readonly isAmbient?: boolean;
  /** The credential of this kind in the call's head; undefined where it carries none. Cheap, no cryptography. */
  find(head: CallHead): C | undefined;
  /**
   * Who it is, where that is known without verifying anything: calls with a known credential pass while the address of the call has
   * failed too often. Undefined where it has to be verified.
   */
  known?(credential: C, head: CallHead, now: number): Principal | undefined;
  /** Who it is. Synchronous where it is known. A promise does not reject. */
  prove(credential: C, head: CallHead, now: number): Proof | Promise<Proof>;
}

export function isFailure(proof: Proof): proof is AuthFailure {
  return "reason" in proof;
}
