// The export `tidegate/gateway`: what the Worker of a gateway is made of, and layers of its team.
export { type GatewayOptions, type GatewayWorker, serve } from "./gateway/entry.ts";
export * from "./gateway/layer.ts";
