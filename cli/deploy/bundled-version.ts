// Compares the configuration that a deploy bundles with the versions of the running gateway: the bundled one serves where neither the objects
// nor KV can be reached, and an older one than the live version would then take changes back.
import { configurationData } from "../../core/control/configuration-data.ts";
import { called, controlClient } from "../control/client.ts";
import { projectSnapshot, SnapshotProblems } from "../control/snapshot.ts";
import { BundleError } from "../project/bundle.ts";
import type { Context } from "../tidegate/context.ts";
import { Failure } from "../tidegate/failure.ts";

/** What the comparison has shown. */
export type BundledVersion =
  | { readonly kind: "good" }
  | { readonly kind: "unknown"; readonly note: string } // it could not be compared, or was never published
  | { readonly kind: "older"; readonly problem: string };

/**
 * @param settings what the file exports, as plain JSON
 * @param file     that holds the configuration
 */
export async function bundledVersion(context: Context, settings: unknown, file: string): Promise<BundledVersion> {
  if (configurationData(settings).configuration["control"] === undefined) return { kind: "good" }; // nothing can be published
  const { TIDEGATE_GATEWAY: gateway, ADMIN_TOKEN: token } = context.env;
  const hint = "set TIDEGATE_GATEWAY to its origin, and ADMIN_TOKEN";
  if (!gateway || !token) return { kind: "unknown", note: `the live version is not compared with ${file}: ${hint}` };
  try {
    const { digest } = await projectSnapshot(file);
    const client = controlClient(context, { gateway });
    const [{ live }, { versions }] = [await called({ gateway }, client.getStatus({})), await called({ gateway }, client.listVersions({}))];
    const known = versions.find((version) => version.digest === digest); // the latest one
    if (live === undefined || known?.version === live.version) return { kind: "good" };
    if (known === undefined)
      return { kind: "unknown", note: `${file} was never published: version ${live.version} stays live; tidegate publish` };
    const fix = "bundle the live version, or publish this one first; --force deploys it all the same";
    return { kind: "older", problem: `${file}: found version ${known.version}, while version ${live.version} is live; ${fix}` };
  } catch (error) {
    if (!(error instanceof Failure || error instanceof SnapshotProblems || error instanceof BundleError)) throw error;
    return { kind: "unknown", note: `the live version is not compared with ${file}: ${error.message.split("\n")[0]}` };
  }
}
