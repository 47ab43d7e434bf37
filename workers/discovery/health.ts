// grpc.health.v1: whether a service can be called now; for one service, for all of them, or as a stream of changes.
import { Code, ConnectError, createServiceImplSpec, type ServiceImplSpec } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "../../protos/gen/grpc/health/v1/health_pb.ts";
import { wait } from "../wait.ts";

export type Status = "serving" | "not_serving" | "unknown";

export interface HealthSource {
  /** The services that have a status, without the empty name, which means the whole host. */
  readonly services: readonly string[];
  /** Called for each check, and every `watchIntervalMs` for each watching caller. @param service one of `services`, or "" */
  statusOf(service: string): Status | Promise<Status>;
  /** A watching caller gets a change after this time at most, ms. */
  readonly watchIntervalMs: number;
}

const STATUS: Readonly<Record<Status, ServingStatus>> = {
  serving: ServingStatus.SERVING,
  not_serving: ServingStatus.NOT_SERVING,
  unknown: ServingStatus.UNKNOWN,
};

/** @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
export function health(source: HealthSource): ServiceImplSpec {
  const names = ["", ...source.services];
  const known = new Set(names);
  const servingStatus = async (service: string): Promise<ServingStatus> => STATUS[await source.statusOf(service)];

  return createServiceImplSpec<typeof Health>(Health, {
    async check({ service }) {
      if (!known.has(service))
        throw new ConnectError(`service ${service.slice(0, 200)} is unknown; List returns the known ones`, Code.NotFound);
      return { status: await servingStatus(service) };
    },
    async list() {
      const statuses = names.map(async (name) => [name, { status: await servingStatus(name) }] as const);
      return { statuses: Object.fromEntries(await Promise.all(statuses)) };
    },
    async *watch({ service }, { signal }) {
      for (let last: ServingStatus | undefined; ; ) {
        // The stream of an unknown service goes on, as the protocol demands.
        const status = known.has(service) ? await servingStatus(service) : ServingStatus.SERVICE_UNKNOWN;
        if (status !== last) yield { status };
        last = status;
        await wait(source.watchIntervalMs, signal);
      }
    },
  });
}
