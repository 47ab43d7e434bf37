// Puts a network between a Worker and its bindings: each call of a Durable Object, of KV and of a service waits half of the round trip before
// and half after, in the caller's own context. For development entries and tests only.
import { NetworkPlan, type NetworkTarget, parseNetwork } from "./network-profile.ts";

type Bindings = Readonly<Record<string, unknown>>;

/** Text bindings that set the network: a profile (`parseNetwork`), and the region of the isolate. */
export const NETWORK_BINDING = "TIDEGATE_NETWORK";
export const REGION_BINDING = "TIDEGATE_REGION";

const NETWORKED = new WeakMap<object, object>();

/** @returns the environment with the network that its binding `TIDEGATE_NETWORK` names; the environment itself where there is none */
export function networked<Env extends object>(env: Env): Env {
  const text = (env as Bindings)[NETWORK_BINDING];
  if (typeof text !== "string" || text === "") return env;
  const known = NETWORKED.get(env);
  if (known !== undefined) return known as Env;
  const plan = new NetworkPlan(parseNetwork(text), regionIn(env));
  const wrapped = new Map<string | symbol, unknown>();
  const made = new Proxy(env, {
    get(target, name) {
      if (!wrapped.has(name)) wrapped.set(name, behindNetwork(Reflect.get(target, name), plan));
      return wrapped.get(name);
    },
  });
  NETWORKED.set(env, made);
  NETWORKED.set(made, made);
  return made;
}

/** @returns the region that the binding `TIDEGATE_REGION` sets */
export function regionIn(env: object): string | undefined {
  const region = (env as Bindings)[REGION_BINDING];
  return typeof region === "string" && region !== "" ? region : undefined;
}

/** By the class of a binding: a service looks like everything, since it may have any method. */
function behindNetwork(binding: unknown, plan: NetworkPlan): unknown {
  if (typeof binding !== "object" || binding === null) return binding;
  switch (binding.constructor?.name) {
    case "DurableObjectNamespace":
    case "LoopbackDurableObjectNamespace":
      return namespaceBehind(binding as DurableObjectNamespace, plan);
    case "KvNamespace":
      return callsBehind(binding, plan, { kind: "kv" });
    case "Fetcher":
    case "LoopbackServiceStub":
      return callsBehind(binding, plan, { kind: "service" });
    default:
      return binding;
  }
}

function namespaceBehind(namespace: DurableObjectNamespace, plan: NetworkPlan): DurableObjectNamespace {
  const stubBehind = (stub: DurableObjectStub): unknown => callsBehind(stub, plan, { kind: "object", name: stub.id.name });
  return new Proxy(namespace, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      const call = (...args: unknown[]): unknown => Reflect.apply(member, target, args);
      if (name === "get" || name === "getByName" || name === "getExisting") return (...args: unknown[]) => stubBehind(call(...args) as never);
      if (name === "jurisdiction") return (...args: unknown[]) => namespaceBehind(call(...args) as never, plan);
      return call;
    },
  });
}

/** The methods of a stub, of KV or of a service behind the network. */
function callsBehind(callee: object, plan: NetworkPlan, target: NetworkTarget): unknown {
  return new Proxy(callee, {
    get(_, name) {
      const member: unknown = Reflect.get(callee, name);
      if (typeof member !== "function" || typeof name === "symbol") return member;
      return (...args: unknown[]) => carried(plan, target, () => Reflect.apply(member, callee, args));
    },
  });
}

/** Makes one call across the network. A lost call fails as one of the platform does. */
async function carried(plan: NetworkPlan, target: NetworkTarget, call: () => unknown): Promise<unknown> {
  const trip = plan.tripTo(target, Date.now());
  await pause(trip.beforeMs);
  if (trip.lost === "before") {
    await pause(trip.afterMs);
    throw connectionLost();
  }
  try {
    const result = await call();
    if (trip.lost === "after") throw connectionLost();
    return result;
  } finally {
    await pause(trip.afterMs);
  }
}

async function pause(ms: number): Promise<void> {
  if (ms > 0) await scheduler.wait(ms);
}

/** @see developers.cloudflare.com/durable-objects/best-practices/error-handling */
function connectionLost(): Error {
  return Object.assign(new Error("Network connection lost."), { remote: true, retryable: true });
}
