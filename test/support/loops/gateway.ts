// Gateways that call each other over the network in a circle, `/one` and `/two`, and one that calls itself, `/self`. `/calls` counts.
import { configure } from "../../../workers/gateway/configure/configuration.ts";
import { createGateway, type Gateway } from "../../../workers/gateway/gateway.ts";
import { catalog } from "../shipped/catalog.ts";

const UPSTREAM_OF: Readonly<Record<string, string>> = { one: "two", two: "one", self: "self", asset: "asset" };
const gateways = new Map<string, Gateway>();
let calls = 0;

function gatewayTo(url: string): Gateway {
  const upstream = { url };
  const httpRoutes = { "/files/": { upstream } };
  return createGateway(configure({ services: { "users.v1.UserService": { upstream } }, httpRoutes }, catalog, { TIDEGATE_LOCAL: "true" }));
}

export default {
  fetch(request: Request): Response | Promise<Response> {
    const { origin, pathname, search } = new URL(request.url);
    if (pathname === "/calls") return Response.json(calls);
    const [, name = "", ...rest] = pathname.split("/");
    calls += 1;
    const gateway = gateways.get(name) ?? gatewayTo(`${origin}/${UPSTREAM_OF[name]}`);
    gateways.set(name, gateway);
    return gateway(new Request(`${origin}/${rest.join("/")}${search}`, request));
  },
};
