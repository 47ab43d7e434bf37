// The name of a project: of its folder, its package, and its Workers.
const LONGEST = 36; // characters: the name of a Worker is at most 63, with those of a service and an environment

/**
 * @param {string} name
 * @returns {string | undefined} what to write instead
 */
export function nameProblem(name) {
  if (name.length > LONGEST) return `write at most ${LONGEST} characters`;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) return "write lower-case letters, digits and hyphens, as in my-api";
  if (name === "tidegate" || name === "node-modules") return "choose another name: this one is a package";
  return undefined;
}
