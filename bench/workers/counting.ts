// Wraps a Worker so that it counts the calls it makes to its bindings, other than those to its upstream.
const UPSTREAMS = ["UPSTREAM", "USERS", "ORDERS", "NOTIFICATIONS"];
const MAKES_STUBS = ["get", "getByName"];

type Target = Record<string, (...args: unknown[]) => unknown>;

interface Handler {
  fetch(request: Request, env: unknown, ctx: unknown): unknown;
}

let calls = 0;

/** Counts each method called on a binding; of a namespace, each method called on its objects. */
function counted(target: Target, isNamespace: boolean): Target {
  return new Proxy(target, {
    get(_, name) {
      const member = Reflect.get(target, name, target);
      if (typeof member !== "function" || typeof name !== "string") return member;
      return (...args: unknown[]) => {
        const result = target[name]!(...args); // not `apply`: that would be a call of its own on a stub
        if (isNamespace && MAKES_STUBS.includes(name)) return counted(result as Target, false);
        if (!isNamespace) calls += 1;
        return result;
      };
    },
  });
}

export function counting(worker: Handler): Handler {
  let wrapped: Record<string, Target | string> | undefined;
  return {
    fetch(request, env, ctx) {
      if (request.url.endsWith("/__binding-calls")) return new Response(String(calls));
      wrapped ??= Object.fromEntries(
        Object.entries(env as Record<string, Target | string>).map(([name, binding]) => {
          if (UPSTREAMS.includes(name) || typeof binding === "string") return [name, binding]; // a string is a variable
          return [name, counted(binding, "idFromName" in binding)];
        }),
      );
      return worker.fetch(request, wrapped, ctx);
    },
  };
}
