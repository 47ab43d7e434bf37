// Finds out whom the gateway sees behind the calls of this tab: by a secret, by Cloudflare Access, or by the loopback address.
import { AdminService } from "../../../protos/gen/tidegate/admin/v1/admin_pb.ts";
import { TelemetryService } from "../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { asCallError, type CallError } from "./call-error.ts";
import { call } from "./connect.ts";
import { asRole, SIGNED_OUT, session } from "./session.ts";

/** @param secret "" to be known by the platform or the loopback address */
export async function signIn(secret: string): Promise<void> {
  session.set({ ...SIGNED_OUT, secret, state: "checking" });
  try {
    const { identity, role } = await call(AdminService.method.getCaller, {});
    session.set({ state: "signed_in", secret, identity, role: asRole(role), problem: "" });
  } catch (thrown) {
    await refused(asCallError(thrown), secret);
  }
}

async function refused({ code, message }: CallError, secret: string): Promise<void> {
  if (code === "unauthenticated") session.set({ ...SIGNED_OUT, problem: secret === "" ? "" : message });
  else if (code === "permission_denied") session.set({ ...SIGNED_OUT, problem: message });
  else if (code !== "unimplemented" && code !== "not_found") session.set({ ...SIGNED_OUT, secret, state: "unreachable", problem: message });
  else if (await readsFigures()) session.set({ ...SIGNED_OUT, state: "signed_in" });
  else session.set({ ...SIGNED_OUT, state: "not_served" });
}

/** A gateway on this machine shows its figures also where the configuration has no admin services. */
async function readsFigures(): Promise<boolean> {
  try {
    await call(TelemetryService.method.getSummary, {});
    return true;
  } catch {
    return false;
  }
}

export function signOut(): void {
  session.set(SIGNED_OUT);
}
