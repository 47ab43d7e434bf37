// What the gateway costs on Cloudflare: billed operations of the real limiter, its objects and the cache, under named traffic models.
import type { Goal, Row, Simulation } from "../simulation.ts";
import { costDocument } from "./document.ts";
import { type Bill, MODELS, type Model, objectCost, scaled } from "./models.ts";
import { METERS, PRICES } from "./prices.ts";

function rowOf(model: Model, bill: Bill): Row {
  const { gateway, operations } = bill;
  const { calls, objectRequests, rowsWritten, rowsRead, kvReads, kvWrites } = operations;
  const cost = scaled(bill, model.per);
  const total = METERS.reduce((sum, meter) => sum + cost[meter], 0);
  const counted = {
    "objects/call": objectRequests / calls,
    "rows written/call": rowsWritten / calls,
    "rows read/call": rowsRead / calls,
    "KV reads/call": kvReads / calls,
    "KV writes/call": kvWrites / calls,
  };
  const dollars = Object.fromEntries(METERS.map((meter) => [`$ ${meter}`, cost[meter]]));
  const goals: Goal[] =
    gateway !== "Tidegate"
      ? []
      : [
          ...(model.goal === undefined ? [] : [{ ...model.goal, measured: objectCost(cost) }]),
          ...(model.rowsReadAtMost === undefined
            ? []
            : [{ name: "rows read per call", measured: rowsRead / calls, atMost: model.rowsReadAtMost }]),
        ];
  return { variant: gateway, figures: { ...counted, ...dollars, "$ in all": total }, goals };
}

export const simulation: Simulation<Promise<readonly Row[]>> = {
  about: `Dollars on Cloudflare's paid plan, prices of ${PRICES.date}: operations counted over the real code, per million calls or hour`,
  scenarios: MODELS.map((model) => ({
    name: model.name,
    about: `${model.about}, per ${model.per}`,
    run: async (seed) => (await model.bills(seed)).map((bill) => rowOf(model, bill)),
  })),
  document: { path: "docs/cost.md", text: costDocument },
};
