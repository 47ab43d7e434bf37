// A gateway whose plain HTTP routes overlap with one another, with REST and with RPC. Its upstream responds with the route and the path.
import { createApp } from "../../../workers/gateway/app.ts";
import { catalog } from "../shipped/catalog.ts";

/** An upstream that writes what it receives, as `route method path`. */
const upstream = (route: string) => ({
  fetch: async (url: string, init: RequestInit) => {
    const { pathname, search } = new URL(url);
    return new Response(`${route} ${init.method} ${pathname}${search} at ${url.slice(0, url.indexOf("/", 8))}`);
  },
});

const routes = (names: Readonly<Record<string, string>>, more: object = {}) =>
  Object.fromEntries(Object.entries(names).map(([prefix, binding]) => [prefix, { upstream: { binding }, ...more }]));

const bindings = { ALL: upstream("all"), PUB: upstream("pub"), ADMIN: upstream("admin"), SOLO: upstream("solo"), RAW: upstream("raw") };

const app = createApp(
  {
    services: { "users.v1.UserService": { upstream: { binding: "ALL" } } },
    httpRoutes: {
      ...routes({ "/": "ALL", "/pub/": "PUB", "/pub/admin/": "ADMIN", "/solo/": "SOLO" }),
      ...routes({ "/raw/": "RAW", "/raw/admin/": "ADMIN" }, { ambiguousPaths: "forward" }),
    },
  },
  catalog,
  bindings,
);

export default { fetch: (request: Request): Response | Promise<Response> => app.fetch(request) };
