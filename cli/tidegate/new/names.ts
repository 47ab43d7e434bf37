// The names of a new service, all from the one that the user writes.
import { wrongUsage } from "../failure.ts";

export interface ServiceNames {
  readonly name: string; // user-profiles: folder, file, Worker
  readonly package: string; // user_profiles.v1
  readonly folder: string; // protos/user_profiles/v1
  readonly service: string; // UserProfilesService
  readonly entity: string; // UserProfile
  readonly field: string; // userProfile
  readonly binding: string; // USER_PROFILES
  readonly path: string; // /api/v1/user-profiles
}

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const PACKAGE = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\.v[1-9]\d*((alpha|beta)\d*)?$/; // buf lint: PACKAGE_VERSION_SUFFIX
const LONGEST = 40; // characters; the name of a Worker is at most 63, with the gateway's and an environment's

/** @throws Failure for a name that buf, wrangler or TypeScript would refuse */
export function namesOf(name: string, given?: string): ServiceNames {
  if (!NAME.test(name) || name.length > LONGEST)
    throw wrongUsage(
      `NAME: found "${name}"`,
      "new service",
      `write at most ${LONGEST} lower-case letters, digits and hyphens, as in billing`,
    );
  const snake = name.replaceAll("-", "_");
  const packageName = given ?? `${snake}.v1`;
  if (!PACKAGE.test(packageName))
    throw wrongUsage(`--package: found "${packageName}"`, "new service", "write a package with a version, as in acme.v1");
  const pascal = name.split("-").map(capital).join("");
  const entity = pascal.length > 2 && /[^s]s$/.test(pascal) ? pascal.slice(0, -1) : pascal;
  return {
    name,
    package: packageName,
    folder: `protos/${packageName.replaceAll(".", "/")}`,
    service: `${pascal}Service`,
    entity,
    field: entity.charAt(0).toLowerCase() + entity.slice(1),
    binding: snake.toUpperCase(),
    path: `/api/${packageName.split(".").at(-1)}/${name}`,
  };
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
