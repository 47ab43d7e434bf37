// The live tap over real processes: two gateways in two regions, one viewer at one of them sees the calls of both that match its filter.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { REGION_HEADER } from "../../core/headers.ts";
import { SECRETS } from "../support/monitored/settings.ts";
import { type TapStream, tapStream } from "../support/tap-stream.ts";
import { Fleet } from "./prometheus/fleet.ts";

const POLL = { timeout: 120_000, interval: 500 };
const GET_USER = "users.v1.UserService/GetUser";
const LIST_ORDERS = "orders.v1.OrderService/ListOrders";
const FIRST = 0; // in weur
const OTHER = 2; // in oc
const folder = mkdtempSync(join(tmpdir(), "tidegate-tap-"));
const fleet = new Fleet();
const streams: TapStream[] = [];

beforeAll(() => fleet.start(folder, 3));
afterAll(async () => {
  for (const stream of streams) await stream.end();
  fleet.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function watch(conditions: object): Promise<TapStream> {
  const send = (request: Request): Promise<Response> => {
    request.headers.set(REGION_HEADER, "weur");
    return fetch(request);
  };
  const stream = await tapStream(send, fleet.gateways[FIRST]!.origin, `Bearer ${SECRETS.ADMIN_SECRET}`, conditions);
  streams.push(stream);
  return stream;
}

const regions = ({ events }: TapStream): string[] => [...new Set(events.map(({ region }) => String(region)))].toSorted();

it("shows one viewer the calls of gateways in two regions, and of those the ones that match", async () => {
  await fleet.call(OTHER, GET_USER); // a gateway exchanges from its first call on
  const all = await watch({});
  const failures = await watch({ route: LIST_ORDERS, code: "unavailable" });
  const slow = await watch({ route: GET_USER, minDurationMs: 300 });
  await expect
    .poll(async () => {
      for (const to of [FIRST, OTHER]) {
        for (const delayMs of [0, 320]) await fleet.call(to, GET_USER, { delayMs });
        await fleet.call(to, LIST_ORDERS);
      }
      return [all, failures, slow].map((stream) => regions(stream).join());
    }, POLL)
    .toEqual(["oc,weur", "oc,weur", "oc,weur"]);
  expect(new Set(all.events.map(({ route }) => route))).toEqual(new Set([GET_USER, LIST_ORDERS])); // none of the viewers' own calls
  expect(new Set(failures.events.map(({ route, code, status }) => `${route} ${code} ${status}`))).toEqual(
    new Set([`${LIST_ORDERS} unavailable 503`]),
  );
  for (const { route, durationMs } of slow.events) expect([route, Number(durationMs) >= 300]).toEqual([GET_USER, true]);
  const ids = all.events.map(({ requestId }) => requestId);
  expect(new Set(ids).size).toBe(ids.length); // each call comes once
});

it("serves calls after all viewers have gone, and the next viewer with them", async () => {
  for (const stream of streams.splice(0)) await stream.end();
  for (let calls = 0; calls < 50; calls++) await fleet.call(OTHER, GET_USER);
  expect(fleet.truth.get(`${GET_USER} ok `)).toBeGreaterThanOrEqual(50);
  const next = await watch({ route: GET_USER });
  await expect
    .poll(async () => {
      await fleet.call(OTHER, GET_USER);
      return regions(next);
    }, POLL)
    .toEqual(["oc"]);
});
