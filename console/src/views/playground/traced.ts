// A request whose path through the gateway is recorded.
import type { Sendable } from "../../call/request.ts";

/** What the gateway takes on the developer's own machine in place of a credential. */
const LOCAL = "local";

/** @param secret of the operator; "" on the developer's own machine */
export function traced(request: Sendable, secret: string): Sendable {
  return { ...request, headers: [...request.headers, ["tidegate-trace", secret === "" ? LOCAL : secret]] };
}
