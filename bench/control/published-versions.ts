// Publishes versions of the large configuration, one after the other, and looks at what the isolate has taken.
import { gatewayClient } from "../../cli/admin/gateway-client.ts";
import { snapshotOf } from "../../cli/control/snapshot.ts";
import { OPERATOR_HEADER } from "../../core/headers.ts";
import { ControlService } from "../../protos/gen/tidegate/control/v1/control_pb.ts";
import { largeConfiguration, largeDescriptors, METHOD_PATHS, type VersionChange } from "./large-snapshot.ts";
import { ADMIN_SECRET, CONTROL, type VersionsSeen } from "./versions-seen.ts";

const TAKES_MS = 30_000; // longest time until an idle isolate has a version, on a machine that is busy

export class PublishedVersions {
  readonly #client;
  readonly #sets = [largeDescriptors()];
  readonly #origin: string;
  readonly #difference: VersionChange;
  #revision = 0;

  constructor(origin: string, difference: VersionChange) {
    this.#difference = difference;
    this.#origin = origin;
    this.#client = gatewayClient(ControlService, origin, ADMIN_SECRET, { [OPERATOR_HEADER]: "bench" });
  }

  /** @returns the number of the version @throws ConnectError where it is refused */
  publish(): Promise<number> {
    return this.#send(false);
  }

  /** All that `publish` does, except that there is no new version. */
  async check(): Promise<void> {
    await this.#send(true);
  }

  async seen(): Promise<VersionsSeen> {
    return (await (await fetch(`${this.#origin}/__versions`)).json()) as VersionsSeen;
  }

  /** Calls the isolate until it has the version: it exchanges only while it is called. @throws Error after 30 s */
  async taken(version: number): Promise<void> {
    const until = Date.now() + TAKES_MS;
    while ((await this.seen()).number !== version) {
      if (Date.now() > until) throw new Error(`the isolate has not taken version ${version} within ${TAKES_MS} ms`);
      await (await fetch(this.#origin + METHOD_PATHS[0]!, { method: "POST", body: "{}" })).arrayBuffer();
    }
  }

  async #send(validateOnly: boolean): Promise<number> {
    const configuration = { ...largeConfiguration(this.#revision++, this.#difference), control: CONTROL };
    const { digest, text, descriptors } = snapshotOf(configuration as never, this.#sets, []); // made of JSON alone
    const snapshot = { digest, text, descriptors: Object.values(descriptors) as Uint8Array<ArrayBuffer>[] };
    const { sequence: expectedSequence } = await this.#client.getStatus({});
    const { version } = await this.#client.publish({ snapshot, expectedSequence, reason: "benchmark", validateOnly });
    return Number(version);
  }
}
