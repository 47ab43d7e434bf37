// Takes the place of the module `cloudflare:workers` in development bundles with a network: what it gives out is behind that network.
import { env as realEnv, exports as realExports, DurableObject as RealObject } from "cloudflare:workers";
import { networked } from "./network.ts";

export { RpcStub, RpcTarget, tracing, WorkerEntrypoint, WorkflowEntrypoint, waitUntil } from "cloudflare:workers";

export const env = networked(realEnv);

/** Read with each access: the platform has no exports while a module loads. A loopback binding is a service like any other. */
export const exports = new Proxy({} as typeof realExports, {
  get: (_, name) => Reflect.get(networked(withNetworkOf(realExports ?? {})), name),
  has: (_, name) => name in (realExports ?? {}),
});

export class DurableObject<Env extends object = Cloudflare.Env> extends RealObject<Env> {
  constructor(state: DurableObjectState, own: Env) {
    super(state, networked(own));
  }
}

/** The exports carry no text bindings; the network is that of the environment. */
function withNetworkOf<T extends object>(bindings: T): T {
  return new Proxy(bindings, { get: (target, name) => Reflect.get(name in target ? target : realEnv, name) });
}
