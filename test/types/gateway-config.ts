// The types of gateway.config.ts: compiled by `npm run check`, and never run. Each line below `@ts-expect-error` has to be an error.
import { defineGateway } from "../../core/config/gateway.ts";

const USERS = { binding: "USERS" };
const POOL = { endpoints: [{ url: "https://a.example" }], balancer: "maglev" } as const;

defineGateway({ services: { "users.v1.UserService": { upstream: USERS, methods: { GetUser: { cache: true }, ListUsers: { cost: 5 } } } } });
defineGateway({ services: { "users.v1.UserService": { upstream: { ...POOL, hashOn: [{ field: "user.id" }, "ip"] } } } });
defineGateway({ services: {}, httpRoutes: { "/": { upstream: { url: "https://a.example" } } } });

// @ts-expect-error: a misspelt service
defineGateway({ services: { "users.v1.UsersService": { upstream: USERS } } });
// @ts-expect-error: a misspelt service beside one that is right
defineGateway({ services: { "users.v1.UserService": { upstream: USERS }, "orders.v1.OrdersService": { upstream: USERS } } });
// @ts-expect-error: a misspelt method
defineGateway({ services: { "users.v1.UserService": { upstream: USERS, methods: { GetUsr: { cost: 2 } } } } });
// @ts-expect-error: a method of another service
defineGateway({ services: { "users.v1.UserService": { upstream: USERS, methods: { GetOrder: { cost: 2 } } } } });
// @ts-expect-error: a misspelt setting of a method
defineGateway({ services: { "users.v1.UserService": { upstream: USERS, methods: { GetUser: { cots: 2 } } } } });
// @ts-expect-error: a field that no request of the service has
defineGateway({ services: { "users.v1.UserService": { upstream: { ...POOL, hashOn: { field: "tenant_id" } } } } });
// @ts-expect-error: a misspelt setting at the top
defineGateway({ services: {}, rateLimit: {} });

// Services whose protos are not in the project come from descriptors: any name may be written beside those that are known.
const descriptors = ["AAAA"];
defineGateway({ descriptors, services: { "acme.v1.Inventory": { upstream: USERS, methods: { Anything: { cost: 2 } } } } });
defineGateway({ descriptors, services: { "users.v1.UserService": { upstream: USERS, methods: { GetUser: { cost: 2 } } } } });
// @ts-expect-error: a misspelt method of a known service
defineGateway({ descriptors, services: { "users.v1.UserService": { upstream: USERS, methods: { GetUsr: { cost: 2 } } } } });
