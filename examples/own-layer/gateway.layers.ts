// The team's own layers, in the order in which they run at one position.
import { defineLayer, refusal } from "tidegate/layer";
import * as v from "valibot";

/** Calls name a tenant. The upstream gets its id, and never what a caller wrote in that field. */
const tenant = defineLayer({
  name: "tenant",
  at: "after_auth",
  schema: v.strictObject({
    header: v.optional(v.string(), "x-tenant"),
    ids: v.record(v.string(), v.string()),
  }),
  layer: ({ header, ids }) => {
    const idOf = new Map(Object.entries(ids));
    return (call, next) => {
      const id = idOf.get(call.headers.get(header) ?? "");
      if (id === undefined) throw refusal("permission_denied", `${header} names no tenant`);
      call.upstream.set("x-tenant-id", id);
      return next();
    };
  },
});

/** Every response says how long the gateway had it, refusals included. */
const timing = defineLayer({
  name: "timing",
  at: "response",
  schema: v.strictObject({ label: v.optional(v.pipe(v.string(), v.regex(/^[a-z]{1,16}$/, "write 1 to 16 lower-case letters")), "gateway") }),
  layer:
    ({ label }) =>
    async (_, next) => {
      const startedAt = Date.now();
      const response = await next();
      response.headers.append("server-timing", `${label};dur=${Date.now() - startedAt}`);
      return response;
    },
});

export default [tenant, timing];
