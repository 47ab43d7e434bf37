// Who uses the console. A secret is in the memory of this tab alone: it ends with the tab, and with a reload.
import { createStore, useStore } from "./store.ts";

export type Role = "viewer" | "operator" | "admin";

export interface Session {
  /** `checking` until the gateway has said whom it sees. */
  readonly state: "checking" | "signed_out" | "signed_in" | "not_served" | "unreachable";
  readonly secret: string; // "" without one: the platform or the loopback address decides then
  readonly identity: string;
  readonly role: Role;
  readonly problem: string; // "" for none
}

export const SIGNED_OUT: Session = { state: "signed_out", secret: "", identity: "", role: "viewer", problem: "" };

export const session = createStore<Session>({ ...SIGNED_OUT, state: "checking" });

const ROLES: readonly Role[] = ["viewer", "operator", "admin"];

export function asRole(text: string): Role {
  return ROLES.find((role) => role === text) ?? "viewer";
}

/** Whether the user may do what needs a role. The gateway decides it again for each call. */
export function useMay(needed: Role): boolean {
  const { state, role } = useStore(session);
  return state === "signed_in" && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
