// A program as a user of openapi-typescript and openapi-fetch writes it: the types it is compiled against are generated from the running
// gateway's /openapi.json. Prints "ok NAME" or "FAILED NAME: WHY". Usage: node client.ts ORIGIN
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.ts";

type Status = components["schemas"]["google.rpc.Status"];
type User = components["schemas"]["users.v1.User"];

const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });
const email = `${crypto.randomUUID()}@example.com`;
let user: User = { displayName: "", email: "" };

async function check(name: string, run: () => Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("no result within 60 s")), 60_000);
  try {
    await Promise.race([run(), promise]);
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`FAILED ${name}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

function equal(found: unknown, wanted: unknown): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (one !== other) throw new Error(`found ${one}, not ${other}`);
}

await check("create", async () => {
  const { data, error } = await client.POST("/api/v1/users", { body: { displayName: "Ada", email } });
  equal(error, undefined);
  user = data as User;
  equal([user.displayName, user.email], ["Ada", email]);
});
await check("get", async () => {
  const { data } = await client.GET("/api/v1/users/{id}", { params: { path: { id: user.id ?? "" } } });
  equal(data?.email, email);
});
await check("update a part", async () => {
  const { data, error } = await client.PATCH("/api/v1/users/{id}", {
    params: { path: { id: user.id ?? "" } }, // the gateway infers the update mask from the body
    body: { displayName: "Ada L." },
  });
  equal([error, data?.displayName, data?.email], [undefined, "Ada L.", email]);
});
await check("pages", async () => {
  await client.POST("/api/v1/users", { body: { displayName: "Bob", email: `b${email}` } });
  const seen = new Set<string>();
  let pageToken: string | undefined;
  do {
    const query = pageToken === undefined ? { pageSize: 1 } : { pageSize: 1, pageToken };
    const { data } = await client.GET("/api/v1/users", { params: { query } });
    for (const { id } of data?.users ?? []) seen.add(id ?? "");
    pageToken = data?.nextPageToken;
  } while (pageToken !== undefined && pageToken !== "" && seen.size < 2);
  equal(seen.size, 2);
});
await check("an error", async () => {
  const { error, response } = await client.GET("/api/v1/users/{id}", { params: { path: { id: "usr_01arz3ndektsv4rrffq69g5fav" } } });
  equal([response.status, (error as Status | undefined)?.code], [404, 5]);
});
await check("an error with details", async () => {
  const { error, response } = await client.POST("/api/v1/users", { body: { displayName: "", email: "none" } });
  const { details = [] } = error as Status;
  equal([response.status, details[0]?.["@type"]], [400, "type.googleapis.com/google.rpc.BadRequest"]);
});
await check("a deadline", async () => {
  const headers = { "connect-timeout-ms": "0" };
  const { error, response } = await client.GET("/api/v1/users", { headers });
  equal([response.status, (error as Status | undefined)?.code], [504, 4]);
});
await check("a stream, ended by its caller", async () => {
  const headers = { accept: "application/x-ndjson" };
  const { response } = await client.GET("/api/v1/users:watch", { headers, params: { query: { afterRevision: "1" } }, parseAs: "stream" });
  equal(response.status, 200);
  const reader = response.body!.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  equal(typeof JSON.parse(text.split("\n")[0] ?? ""), "object");
  await reader.cancel();
});
await check("delete", async () => {
  const { response } = await client.DELETE("/api/v1/users/{id}", { params: { path: { id: user.id ?? "" } } });
  equal(response.status, 200);
});
process.exit(0);
