// Reflection and health (grpc.reflection.v1, grpc.health.v1) of the services behind the gateway.
import type { DescMethod } from "@bufbuild/protobuf";
import type { DiscoveryPolicy } from "../../../core/config/discovery.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import { discovery } from "../../discovery/discovery.ts";
import type { Status } from "../../discovery/health.ts";
import type { ServedMethod } from "../upstream/upstream.ts";
import { served } from "./served.ts";

/**
 * The methods of reflection and health. A discovery service that is configured itself is left out: its calls go to its own upstream.
 *
 * @param configured the configured methods. Whoever may call reflection can read the whole proto files of their services, imports included.
 * @param policy     the `defaults` of the configuration. Each question of a reflection stream costs as much as a call.
 * @param statusOf   gives the status of a service behind the gateway by its full name, and of the gateway itself by ""
 */
export function discoveryMethods(
  configured: ReadonlyMap<DescMethod, ServedMethod>,
  policy: RoutePolicy,
  limits: DiscoveryPolicy,
  statusOf: (service: string) => Status | Promise<Status> = () => "serving",
): ReadonlyMap<DescMethod, ServedMethod> {
  const services = [...new Set([...configured.keys()].map(({ parent }) => parent))];
  return served("discovery", discovery(services, limits, statusOf), { ...policy, messageCost: 1 });
}
