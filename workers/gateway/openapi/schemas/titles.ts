// Titles of schemas: code generators name types by them, so each title belongs to one schema.
import type { DescEnum, DescMessage } from "@bufbuild/protobuf";

export class Titles {
  readonly #owners = new Map<string, string>(); // title to the schema that has it

  /**
   * A short title such as `OrderItem`. If another schema has it, the title contains the package, and a number if that is taken too.
   *
   * @param suffix end of the title of a variant of the message, such as `Patch`
   * @param variant what distinguishes this variant from others of the message
   */
  titleOf(desc: DescMessage | DescEnum, suffix = "", variant = suffix): string {
    const owner = `${desc.typeName} ${variant}`;
    const long = `${desc.typeName.split(/[._]/).map(capitalized).join("")}${suffix}`;
    for (let count = 0; ; count++) {
      const title = count === 0 ? `${shortName(desc)}${suffix}` : count === 1 ? long : `${long}${count}`;
      if ((this.#owners.get(title) ?? owner) !== owner) continue;
      this.#owners.set(title, owner);
      return title;
    }
  }
}

/** The name of a type with the names of the messages in which it is declared: `OrderItem`. */
function shortName(desc: DescMessage | DescEnum): string {
  return desc.parent === undefined ? desc.name : `${shortName(desc.parent)}${desc.name}`;
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
