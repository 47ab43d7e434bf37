// Configurations that are right, in the shapes that projects have: `check` raises no alarm.
import { gateway } from "./mistake.ts";
import type { Change } from "./project-in-process.ts";

export interface GoodConfiguration {
  readonly name: string;
  readonly files: Readonly<Record<string, Change>>;
}

const LONG = (letter: string): string => letter.repeat(40);

export const GOOD_CONFIGURATIONS: readonly GoodConfiguration[] = [
  { name: "the smallest one", files: gateway('services: { "users.v1.UserService": { upstream: { binding: "USERS" } } }') },
  {
    name: "an existing REST API behind prefixes",
    files: gateway(`
rateLimits: { "per-address": { capacity: 100, rate: 20 } },
cors: { origins: ["https://app.acme.dev", "http://localhost:5173"] },
services: {},
httpRoutes: {
  "/": { upstream: { url: "https://shop.acme.dev" }, rateLimits: ["per-address"], readTimeoutMs: 30_000 },
  "/assets/": { upstream: { url: "https://static.acme.dev" }, cache: { ttlMs: 3_600_000, query: [] } },
},`),
  },
  {
    name: "callers with tokens, keys and plans",
    files: {
      ...gateway(`
admin: { secretBinding: "ADMIN_SECRET", host: "admin.acme.dev" },
auth: {
  issuers: { "https://id.acme.dev": { audiences: ["https://api.acme.dev"] } },
  keys: { env: "live", tagSecrets: ["KEY_TAGS"] },
},
rateLimits: {
  "per-key": { key: "principal", capacity: 50, rate: 10, tiers: { by: "key", plans: { pro: { capacity: 500, rate: 100 } } } },
  "per-address": { key: "ip", capacity: 200, rate: 100 },
},
defaults: { auth: "required", rateLimits: ["per-address", "per-key"] },
services: {
  "users.v1.UserService": {
    upstream: { binding: "USERS" },
    scopes: ["users.read"],
    methods: { CreateUser: { scopes: ["users.write"] }, ListUsers: { cost: 5 } },
  },
  "orders.v1.OrderService": { upstream: { binding: "ORDERS" }, retries: { max: 2, perAttemptMs: 4_000 } },
},`),
      ".dev.vars": `ADMIN_SECRET=${LONG("a")}\nKEY_TAGS=${LONG("b")}\n`,
    },
  },
  {
    name: "a cache that is purged",
    files: {
      ...gateway(`
admin: { secretBinding: "ADMIN_SECRET" },
purge: { pollMs: 2_000 },
services: {
  "users.v1.UserService": {
    upstream: { binding: "USERS" },
    methods: {
      GetUser: { cache: { ttlMs: 604_800_000, staleIfErrorMs: 86_400_000, tags: ["user:{id}"] } },
      ListUsers: { cache: { ttlMs: 30_000, tags: ["users"] } },
      UpdateUser: { invalidates: ["user:{user.id}", "users"] },
      DeleteUser: { invalidates: ["user:{id}", "users"] },
    },
  },
},`),
      ".dev.vars": `ADMIN_SECRET=${LONG("a")}\n`,
    },
  },
  {
    name: "a canary, registered endpoints and a fallback",
    files: {
      ...gateway(`
admin: { secretBinding: "ADMIN_SECRET" },
registry: { ownHosts: ["api.acme.dev"] },
breakers: {},
services: {
  "users.v1.UserService": {
    upstream: { registry: true, balancer: "p2c_ewma", health: { check: "/healthz" }, maxConcurrent: 50 },
    traffic: {
      canaries: [{ name: "v2", upstream: { url: "https://users-v2.acme.dev" }, percent: 5, header: "x-version" }],
      mirror: { upstream: { url: "https://users-next.acme.dev" }, percent: 1 },
    },
    readTimeoutMs: 5_000,
    retries: { max: 2, perAttemptMs: 1_500, baseMs: 50, maxMs: 500 },
    fallback: { upstream: { binding: "USERS" } },
    methods: { GetUser: { hedging: { percent: 2 } }, ListUsers: { fallback: { response: { users: [] } } } },
  },
  "orders.v1.OrderService": {
    upstream: {
      endpoints: [
        { url: "https://eu.orders.acme.dev", zone: "eu", weight: 2 },
        { url: "https://us.orders.acme.dev", zone: "us" },
      ],
      zones: { AMS: "eu", IAD: "us" },
      balancer: "consistent_hash",
      hashOn: [{ header: "x-tenant" }, "ip"],
    },
    breaker: { slowPercent: 80, slowMs: 2_000 },
  },
},`),
      ".dev.vars": `ADMIN_SECRET=${LONG("a")}\n`,
    },
  },
  {
    name: "variables and a database in two environments",
    files: {
      "workers/services/users/wrangler.toml": [
        [
          "[[migrations]]",
          '[vars]\nMAX_TOKEN_AGE = "3600"\nPUBLIC_KEY = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"\nUPSTREAM_URL = "https://users.acme.dev/v1"\nTOKEN_ISSUER = "https://id.acme.dev"\nCOMMIT = "3f786850e387550fdab836ed7e6dc881de23001b"\n\n[[d1_databases]]\nbinding = "DB"\ndatabase_name = "users"\ndatabase_id = "5f5b1f3e-8d8b-4c1c-9b54-0f2d1f0a7c11"\n\n[[migrations]]',
        ],
        [
          "[env.staging.observability]",
          '[env.staging.vars]\nMAX_TOKEN_AGE = "60"\nPUBLIC_KEY = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"\nUPSTREAM_URL = "https://users.acme.dev/v1"\nTOKEN_ISSUER = "https://id.acme.dev"\nCOMMIT = "3f786850e387550fdab836ed7e6dc881de23001b"\n\n[[env.staging.d1_databases]]\nbinding = "DB"\ndatabase_name = "users-staging"\ndatabase_id = "9a0c6f7e-1d2b-4e3f-8a9b-0c1d2e3f4a5b"\n\n[env.staging.observability]',
        ],
      ],
    },
  },
];
