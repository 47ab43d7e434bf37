// Names of a document as identifiers of a proto, each once.

/** `petId`, `pet-id`, `+1` -> pet_id, pet_id, plus_1 */
export function snakeCase(text: string): string {
  const words = text
    .replaceAll("+", " plus ")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  // A part that begins with a digit belongs to the one before it: the JSON name of a_1 and of a1 is a1.
  const name = words.join("_").replaceAll(/_(?=\d)/g, "");
  return /^[a-z]/.test(name) ? name : `field${name === "" ? "" : name}`;
}

export function pascalCase(text: string): string {
  const name = text
    .replaceAll("+", " plus ")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .join("");
  return /^[A-Z]/.test(name) ? name : `Type${name}`;
}

/** The name of a field in JSON where no json_name is written. @see protobuf.dev/programming-guides/json */
export function jsonNameOf(field: string): string {
  return field.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Names that are taken. */
export class Names {
  readonly #taken: Set<string>;

  constructor(taken: readonly string[] = []) {
    this.#taken = new Set(taken);
  }

  /** @returns the name, with a letter or number after it where it is taken */
  add(name: string): string {
    let free = name;
    for (let count = 2; this.#taken.has(free.toLowerCase()); count++) free = `${name}${count}`;
    this.#taken.add(free.toLowerCase());
    return free;
  }
}
