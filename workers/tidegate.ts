// The package's main export, `tidegate`: what gateway.config.ts is written with.
export { defineGateway, type GatewayInput } from "../core/config/gateway.ts";
