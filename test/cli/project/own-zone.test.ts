// Upstreams in the gateway's own zone: which URLs get a note.
import { expect, it } from "vitest";
import { ownZoneNotes } from "../../../cli/project/own-zone.ts";

const settings = {
  services: {
    "users.v1.UserService": { upstream: { endpoints: [{ url: "https://users.example.com/base" }, { url: "https://other.net" }] } },
    "orders.v1.OrderService": { upstream: { binding: "CERT", url: "https://orders.example.com" } },
  },
  httpRoutes: { "/a/": { upstream: { url: "https://mine.account.workers.dev" } } },
};
const notes = (worker: Parameters<typeof ownZoneNotes>[1]) =>
  ownZoneNotes(settings, worker).map((line) => line.slice(0, line.indexOf(":", 20)));

it.each([
  [{}, ["upstream https://mine.account.workers.dev is at workers.dev"]],
  [{ routes: ["api.example.com/*"] }, 2],
  [{ route: "https://example.com/x*" }, 2],
  [{ routes: [{ pattern: "gateway.example.org", zone_name: "example.com" }] }, 2],
  [{ routes: ["api.example.org/*"] }, 1],
  [{ routes: ["api.example.com/*"], compatibility_flags: ["global_fetch_strictly_public"] }, 0],
] as const)("notes the URLs in the zones of %j", (worker, want) => {
  const found = notes(worker as never);
  if (typeof want === "number") expect(found).toHaveLength(want);
  else expect(found).toEqual(want);
});

it("names the URL, the route and the fix", () => {
  expect(ownZoneNotes(settings, { routes: ["api.example.com/*"] })[0]).toBe(
    'upstream https://users.example.com/base is in the zone of route "api.example.com/*": if a Worker of this account answers there, Cloudflare refuses the call (error 1042); bind that Worker under [[services]], or add "global_fetch_strictly_public" to compatibility_flags of wrangler.toml',
  );
  expect(ownZoneNotes(undefined, { routes: ["api.example.com/*"] })).toEqual([]);
});
