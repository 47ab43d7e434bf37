// Puts the check of reasons into the gateway as tests load it: apps and gateways are checked wherever a test makes one.

const INSERTIONS = [
  {
    file: "/workers/gateway/layers/trace.ts",
    at: "const response = next(call);",
    code: "globalThis.tracedCall?.(call); const response = next(call);",
  },
  {
    file: "/workers/gateway/app.ts",
    at: "export function appAround(",
    code: "export function appAround(...parts) { const app = appUnchecked(...parts); return globalThis.checkedApp?.(app) ?? app; }\nfunction appUnchecked(",
  },
  {
    file: "/workers/gateway/gateway.ts",
    at: "export function createGateway(",
    code: "export function createGateway(...parts) { const gateway = gatewayUnchecked(...parts); return globalThis.checkedGateway?.(gateway) ?? gateway; }\nfunction gatewayUnchecked(",
  },
  {
    file: "/workers/gateway/upstream/fixed-upstream.ts",
    at: "pick: () => attempt,",
    code: "pick: (call) => { globalThis.ownServiceCalled?.(call); return attempt; },",
  },
  {
    file: "/workers/gateway/trace/explain.ts",
    at: "const app = appAround(idle, createGateway(idle, explaining));",
    code: "const idleGateway = createGateway(idle, explaining); const app = appAround(idle, idleGateway); globalThis.explaining?.(app, idleGateway);",
  },
] as const;

/** @throws Error where the code has changed, and the check would silently end */
export function checksReasons() {
  return {
    name: "tidegate-reasons",
    enforce: "pre" as const,
    transform(code: string, id: string): string | undefined {
      const insertion = INSERTIONS.find(({ file }) => id.split("?")[0]!.endsWith(file));
      if (insertion === undefined) return undefined;
      if (code.split(insertion.at).length !== 2) throw new Error(`${insertion.file}: "${insertion.at}" is not there once`);
      return code.replace(insertion.at, insertion.code);
    },
  };
}
