// Upstreams with their endpoints, read page by page, so that no page takes long.
import { TelemetryService, type Upstream } from "../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { call } from "./connect.ts";

const PAGE_SIZE = 50; // upstreams; of ten endpoints each, a page is decoded within a few ms

export async function loadUpstreams(signal: AbortSignal): Promise<readonly Upstream[]> {
  const upstreams: Upstream[] = [];
  let pageToken = "";
  do {
    const page = await call(TelemetryService.method.listUpstreams, { pageSize: PAGE_SIZE, pageToken }, signal);
    upstreams.push(...page.upstreams);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return upstreams;
}

/** @returns undefined for an upstream that the gateway does not have */
export async function loadUpstream(name: string, signal: AbortSignal): Promise<Upstream | undefined> {
  const { upstreams } = await call(TelemetryService.method.listUpstreams, { upstream: name, pageSize: 1 }, signal);
  return upstreams[0];
}
