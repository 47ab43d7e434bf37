// Layers that need nothing but a call, and a team's own at each position, keep the contract of a layer.
import * as v from "valibot";
import { afterEach, beforeEach, describe, vi } from "vitest";
import { bindEdits } from "../../../../core/header-edits/header-edits.ts";
import type { Layer } from "../../../../workers/gateway/call/layer.ts";
import { httpRoute } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import { type CustomLayer, defineLayer, LAYER_POSITIONS } from "../../../../workers/gateway/layer.ts";
import { checkHeaders } from "../../../../workers/gateway/layers/check-headers.ts";
import { deadline } from "../../../../workers/gateway/layers/deadline.ts";
import { editRequest, editResponse } from "../../../../workers/gateway/layers/edit-headers.ts";
import { rescue } from "../../../../workers/gateway/layers/rescue.ts";
import { rewritePath } from "../../../../workers/gateway/layers/rewrite-path.ts";
import { trace } from "../../../../workers/gateway/layers/trace.ts";
import { RouteLayers } from "../../../../workers/gateway/own-layers/route-layers.ts";
import { REST } from "../../../../workers/gateway/protocol/protocol.ts";
import { layerContract } from "../../../support/layer-contract.ts";

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => undefined)); // what rescue logs
afterEach(() => vi.restoreAllMocks());

function call(): Call {
  const request = new Request("https://gateway.example/a/b", { headers: { "x-tenant": "blue" } });
  return new Call(request, REST, httpRoute("/a/", { maxBodyBytes: 1 }), "/a/b", "", Date.now());
}

const edits = bindEdits({ remove: ["x-a"], set: [], default: [], add: [] }, String)!;
const rewrite = { from: "/a/", to: "/b/" };
const OWN: Readonly<Record<string, () => Layer>> = {
  trace: () => trace(),
  "check-headers": () => checkHeaders(),
  deadline: () => deadline(60_000),
  "edit-headers of requests": () => editRequest(edits)!,
  "edit-headers of responses": () => editResponse(edits)!,
  "rewrite-path": () => rewritePath({ rewrite, bases: [], restores: true })!,
};

describe.each(Object.entries(OWN))("the layer %s", (_, layer) => layerContract({ layer, call }));
describe("the layer rescue", () => layerContract({ layer: rescue, call, rescues: true }));

/** A team's own layer as a route has it. */
function ofTeam(layer: CustomLayer, settings: object): Layer {
  const layers = new RouteLayers([layer]);
  const policy = { path: "layers", settings: new Map([[layer.name, settings]]) };
  layers.make([policy]);
  return layers.of(policy, false)[layer.at][0]![1]!;
}

describe.each(LAYER_POSITIONS)("a team's own layer at %s", (at) => {
  const through = defineLayer({ name: "through", at, schema: v.strictObject({}), layer: () => (_, next) => next() });
  layerContract({ layer: () => ofTeam(through, {}), call });
});
