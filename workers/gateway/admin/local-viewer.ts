// Decides whether a request may read the admin services without a credential: one from this machine, under `npm start`.
import { comesFromThisMachine, LOCAL_VIEWER_VARIABLE } from "../../../core/auth/local-viewer.ts";
import { runsLocally } from "../configure/reach-checks.ts";
import type { Bindings } from "../upstream/destination.ts";

/** Whether the gateway runs where requests of local viewers are admitted. */
export function admitsLocalViewers(env: Bindings): boolean {
  return runsLocally(env) && env[LOCAL_VIEWER_VARIABLE] === "true";
}

/** A request with a credential is no such request: its credential decides. */
export function isLocalViewer(request: Request, env: Bindings): boolean {
  const { url, headers } = request;
  return admitsLocalViewers(env) && headers.get("authorization") === null && comesFromThisMachine(url, headers);
}
