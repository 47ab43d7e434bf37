// The module `cloudflare:workers`, for code of Workers that Node compiles: it is loaded there, and nothing of the platform is used.
export const PLATFORM = [
  "const env = {}, exports = {}, waitUntil = () => undefined;",
  "const tracing = { enterSpan: (name, run) => run({ isTraced: false }) };",
  "class DurableObject {} class WorkerEntrypoint {} class RpcTarget {} class RpcStub {} class WorkflowEntrypoint {}",
  "export { env, exports, waitUntil, tracing, DurableObject, WorkerEntrypoint, RpcTarget, RpcStub, WorkflowEntrypoint };",
].join("\n");
