// The shipped services under `npm start`, with admin services, API keys, limits and a cache; calls are made by the test.
import { copyProject, type ProjectCopy } from "../../cli/project-copy.ts";
import { npmStart } from "../../examples/gateway.ts";

const SECRET = "a secret of at least 32 characters, for the views";
/** Calls to this method are refused from the fourth one on. */
export const LIMITED = "/api/v1/orders";
export const LIMITED_RULE = "few";

const CONFIGURATION = `// The shipped services, with what the views of the console show.
import { defineGateway } from "./core/config/gateway.ts";

export default defineGateway({
  admin: { secretBinding: "ADMIN_SECRET" },
  auth: { keys: { env: "test", tagSecrets: ["KEY_TAG_SECRET_1"], revocationMaxAgeMs: 2_000 }, identity: {} },
  purge: { pollMs: 500 },
  rateLimits: { "${LIMITED_RULE}": { key: "ip", capacity: 3, rate: 1, intervalMs: 3_600_000, fail: "open" } },
  services: {
    "users.v1.UserService": {
      upstream: { binding: "USERS" },
      methods: { GetUser: { cache: { ttlMs: 600_000, tags: ["user:{id}"] } }, DeleteUser: { auth: "required" } },
    },
    "orders.v1.OrderService": { upstream: { binding: "ORDERS" }, methods: { ListOrders: { rateLimits: ["${LIMITED_RULE}"] } } },
  },
});
`;

export interface ShippedGateway {
  readonly url: string;
  readonly secret: string;
  /** Calls an admin service by Connect in JSON, as an admin. */
  api<T>(procedure: string, message?: object): Promise<T>;
  stop(): Promise<void>;
}

export async function startShipped(): Promise<ShippedGateway> {
  const copy: ProjectCopy = copyProject();
  copy.write(".dev.vars", `ADMIN_SECRET="${SECRET}"\nKEY_TAG_SECRET_1="a secret of at least 32 characters, for tags of keys"\n`);
  copy.write("gateway.config.ts", CONFIGURATION);
  const { url, stop } = await npmStart(copy);
  return {
    ...{ url, secret: SECRET },
    async api<T>(procedure: string, message: object = {}): Promise<T> {
      const headers = { "content-type": "application/json", authorization: `Bearer ${SECRET}` };
      const response = await fetch(`${url}/${procedure}`, { method: "POST", headers, body: JSON.stringify(message) });
      const body = (await response.json()) as T;
      if (!response.ok) throw new Error(`${procedure}: ${response.status} ${JSON.stringify(body)}`);
      return body;
    },
    async stop() {
      await stop();
      copy.remove();
    },
  };
}
