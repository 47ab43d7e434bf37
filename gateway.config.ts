// The configuration of the gateway, in one file. docs/parameters.md describes every field. A problem here is reported with its path before anything starts.
import { defineGateway } from "./core/config/gateway.ts";

export default defineGateway({
  rateLimits: {
    // One caller: bursts of 100 calls, 50 a second in the long run.
    "per-caller": { key: "ip", capacity: 100, rate: 50, intervalMs: 1_000, fail: "open" },
    // What writes: 20 at once, 10 a second.
    writes: { key: "ip", capacity: 20, rate: 10, intervalMs: 1_000, fail: "closed" },
  },
  defaults: { readTimeoutMs: 15_000, maxBodyBytes: 1_048_576, rateLimits: ["per-caller"] },
  services: {
    "users.v1.UserService": {
      upstream: { binding: "USERS" },
      methods: {
        CreateUser: { rateLimits: ["per-caller", "writes"] },
        ListUsers: { cost: 5 },
      },
    },
    "orders.v1.OrderService": {
      upstream: { binding: "ORDERS" },
      methods: {
        CreateOrder: { rateLimits: ["per-caller", "writes"] },
        ListOrders: { cost: 5 },
      },
    },
    "notifications.v1.NotificationService": {
      upstream: { binding: "NOTIFICATIONS" },
    },
  },
});
