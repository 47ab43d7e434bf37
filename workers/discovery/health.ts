// grpc.health.v1: whether a service can be called just now, asked once, for all, or followed as it changes.
import { Code, ConnectError, createServiceImplSpec, type ServiceImplSpec } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "../../protos/gen/grpc/health/v1/health_pb.ts";

export type Status = "serving" | "not_serving" | "unknown";

export interface HealthSource {
  /** The services that have a status; the empty name, which stands for all of them, does not have to be listed. */
  readonly services: readonly string[];
  /** Asked for each check, and by those who watch every `watchEveryMs`. `service` is one of `services`, or "" for all of them. */
  statusOf(service: string): Status | Promise<Status>;
  /** How long a change can go unnoticed by those who watch, ms. */
  readonly watchEveryMs: number;
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
  const ask = async (service: string): Promise<ServingStatus> => STATUS[await source.statusOf(service)];

  return createServiceImplSpec<typeof Health>(Health, {
    async check({ service }) {
      if (!known.has(service)) throw new ConnectError(`service ${service.slice(0, 200)} is unknown`, Code.NotFound);
      return { status: await ask(service) };
    },
    async list() {
      const statuses = names.map(async (name) => [name, { status: await ask(name) }] as const);
      return { statuses: Object.fromEntries(await Promise.all(statuses)) };
    },
    async *watch({ service }, { signal }) {
      for (let last: ServingStatus | undefined; ; ) {
        // The stream of an unknown service goes on: that is how the protocol wants it.
        const status = known.has(service) ? await ask(service) : ServingStatus.SERVICE_UNKNOWN;
        if (status !== last) yield { status };
        last = status;
        await scheduler.wait(source.watchEveryMs, { signal });
      }
    },
  });
}
