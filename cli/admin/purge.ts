// `npm run purge`: takes cached answers out of the gateway, by tag, route or key, or all of them.
import { parseCommand } from "../command.ts";

const { values } = parseCommand("purge", {
  tag: { type: "string", multiple: true, default: [] },
  route: { type: "string", multiple: true, default: [] },
  key: { type: "string", multiple: true, default: [] },
  all: { type: "boolean", default: false },
  hard: { type: "boolean", default: false },
  gateway: { type: "string", default: "http://127.0.0.1:8787" },
});
const targets = [
  ...values.tag.map((tag) => ({ tag })),
  ...values.route.map((route) => ({ route })),
  ...values.key.map((key) => ({ key })),
  ...(values.all ? [{ all: true }] : []),
];
const token = process.env["CACHE_TOKEN"];
if (targets.length === 0 || token === undefined) {
  process.stderr.write(
    token === undefined ? "set CACHE_TOKEN, the cache's token\n" : "nothing to purge is named; `npm run purge -- --help` shows how\n",
  );
  process.exit(2);
}

try {
  const answer = await fetch(`${values.gateway}/tidegate.cache.v1.CacheService/Purge`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "connect-protocol-version": "1" },
    body: JSON.stringify({ targets, hard: values.hard }),
    signal: AbortSignal.timeout(10_000),
  });
  const body = (await answer.json()) as Record<string, unknown>;
  if (!answer.ok) throw new Error(`${String(body["code"])}: ${String(body["message"])}`);
  const within = Number(body["effectiveWithinMs"]) / 1_000;
  process.stdout.write(`purged, ${values.hard ? "hard" : "soft"}; in force everywhere within ${within} s (seq ${String(body["seq"])})\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
