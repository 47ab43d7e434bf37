import { n as defineGateway, t as GatewayInput } from "../shared/gateway.js";
export { type GatewayInput, defineGateway };