// An index of all names that a set of services declares, for reflection. It is built once from the descriptors, with the first request.
import type { DescFile, DescService } from "@bufbuild/protobuf";
import { toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** Symbols are full names without a leading dot. Files have the names that `import` uses. */
export interface SchemaIndex {
  readonly services: readonly string[]; // full names, sorted
  file(name: string): DescFile | undefined;
  /** The file that declares a service, method, message, field, oneof, enum, enum value or extension. */
  declaring(symbol: string): DescFile | undefined;
  /** The file that extends a message type with this field number. */
  extending(type: string, number: number): DescFile | undefined;
  /** Sorted; undefined if the type is unknown. */
  extensionNumbers(type: string): readonly number[] | undefined;
  /** The file as a serialized FileDescriptorProto. */
  bytes(file: DescFile): Uint8Array;
}

/**
 * @param services their files and all imports are in the index, and nothing else. If two files have the same name, the index has the file
 *                 of the service that is listed first.
 */
export function indexOf(services: readonly DescService[]): SchemaIndex {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescFile>>();
  const serialized = new Map<DescFile, Uint8Array>();
  const types = new Set<string>();
  for (const { file } of services) add(file);
  return {
    services: [...new Set(services.map(({ typeName }) => typeName))].sort(),
    file: (name) => files.get(name),
    declaring: (symbol) => symbols.get(symbol),
    extending: (type, number) => extensions.get(type)?.get(number),
    extensionNumbers(type) {
      const numbers = extensions.get(type);
      if (numbers !== undefined) return [...numbers.keys()].sort((a, b) => a - b);
      return types.has(type) ? [] : undefined;
    },
    bytes(file) {
      const bytes = serialized.get(file) ?? toBinary(FileDescriptorProtoSchema, file.proto);
      serialized.set(file, bytes);
      return bytes;
    },
  };

  function add(file: DescFile): void {
    if (files.has(file.proto.name)) return;
    files.set(file.proto.name, file);
    for (const dependency of file.dependencies) add(dependency);
    for (const type of nestedTypes(file)) {
      for (const name of namesIn(type)) if (!symbols.has(name)) symbols.set(name, file);
      if (type.kind === "message") types.add(type.typeName);
      if (type.kind !== "extension") continue;
      const known = extensions.get(type.extendee.typeName) ?? new Map<number, DescFile>();
      if (!known.has(type.number)) known.set(type.number, file);
      extensions.set(type.extendee.typeName, known);
    }
  }
}

type NestedType = ReturnType<typeof nestedTypes> extends Iterable<infer T> ? T : never;

function namesIn(type: NestedType): string[] {
  const own = type.typeName;
  switch (type.kind) {
    case "service":
      return [own, ...type.methods.map(({ name }) => `${own}.${name}`)];
    case "message":
      return [own, ...[...type.fields, ...type.oneofs].map(({ name }) => `${own}.${name}`)];
    case "enum": {
      const scope = own.slice(0, own.lastIndexOf(".") + 1); // in proto, values are siblings of their enum
      return [own, ...type.values.map(({ name }) => scope + name)];
    }
    case "extension":
      return [own];
  }
}
