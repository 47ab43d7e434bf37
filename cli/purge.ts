// `npm run purge`: takes cached answers out of the gateway, by tag, route or key, or all of them.
import { parseArgs } from "node:util";

const HELP = `usage: npm run purge -- --tag user:42 [options]

  --tag TAG       what bears this tag; may be repeated, as --route and --key
  --route NAME    answers of this method, users.v1.UserService/GetUser, or of this HTTP route, by its prefix
  --key PATH      answers to this resource: path and query
  --all           everything
  --hard          gone at once; else the upstream is asked before it serves again, and it serves where that fails
  --gateway URL   default http://127.0.0.1:8787

  The cache's token is read from the environment: CACHE_TOKEN.
`;

const { values } = parseArgs({
  options: {
    tag: { type: "string", multiple: true, default: [] },
    route: { type: "string", multiple: true, default: [] },
    key: { type: "string", multiple: true, default: [] },
    all: { type: "boolean", default: false },
    hard: { type: "boolean", default: false },
    gateway: { type: "string", default: "http://127.0.0.1:8787" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const targets = [
  ...values.tag.map((tag) => ({ tag })),
  ...values.route.map((route) => ({ route })),
  ...values.key.map((key) => ({ key })),
  ...(values.all ? [{ all: true }] : []),
];
const token = process.env["CACHE_TOKEN"];
if (targets.length === 0 || token === undefined) {
  process.stderr.write(token === undefined ? "set CACHE_TOKEN, the cache's token\n" : `say what to purge\n\n${HELP}`);
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
