// The descriptor of the method that is called: by reflection of the gateway, or from the protos of the project.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { create, createFileRegistry, type DescMethod, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { suggest } from "../../../core/config/problems.ts";
import { ServerReflection, type ServerReflectionRequest } from "../../../protos/gen/grpc/reflection/v1/reflection_pb.ts";
import { Failure } from "../failure.ts";

export interface CalledMethod {
  readonly method: DescMethod;
  readonly registry: FileRegistry; // types of the service, for JSON of google.protobuf.Any
}

/** A method as the user names it: `users.v1.UserService/GetUser`, or with a dot. */
interface MethodName {
  readonly service: string;
  readonly method: string;
}

const MAX_FILES = 1_000; // files of one service; a server that sends more is not followed
const OPTIONS = { maxBuffer: 256 * 1024 * 1024, encoding: "buffer" } as const;

/** @throws Failure with the exit code of wrong usage */
export function methodNameOf(written: string): MethodName {
  const match = /^\/?([A-Za-z_][\w.]*)[/.]([A-Za-z_]\w*)$/.exec(written);
  if (match !== null) return { service: match[1]!, method: match[2]! };
  throw new Failure({ what: `METHOD: found "${written}"`, fix: "write service and method, as in users.v1.UserService/GetUser" }, 2);
}

export async function reflectedMethod(transport: Transport, name: MethodName, headers: Headers): Promise<CalledMethod> {
  const files = new Map<string, FileDescriptorProto>();
  const add = (more: readonly FileDescriptorProto[]): void => {
    for (const file of more) files.set(file.name, file);
  };
  try {
    add(await filesOf(transport, { case: "fileContainingSymbol", value: name.service }, headers));
    for (let missing = missingIn(files); missing !== undefined && files.size < MAX_FILES; missing = missingIn(files))
      add(await filesOf(transport, { case: "fileByFilename", value: missing }, headers));
  } catch (error) {
    throw await reflectionFailure(error, transport, name, headers);
  }
  return methodIn(registryOf([...files.values()]), name);
}

export async function localMethod(root: string, name: MethodName): Promise<CalledMethod> {
  try {
    const { stdout } = await promisify(execFile)("buf", ["build", "-o", "-", "--as-file-descriptor-set"], { ...OPTIONS, cwd: root });
    return methodIn(registryOf(fromBinary(FileDescriptorSetSchema, new Uint8Array(stdout)).file), name);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { stderr, message } = error as Error & { readonly stderr?: Buffer };
    throw new Failure({
      what: "the protos of the project do not build",
      why: stderr?.toString().trim() || message,
      fix: "see `buf build`",
    });
  }
}

type Question = ServerReflectionRequest["messageRequest"];

/** One stream for each question: over HTTP/1.1 all requests are sent before a response is read. */
async function responseTo(transport: Transport, messageRequest: Question, headers: Headers) {
  const client = createClient(ServerReflection, transport);
  const request = async function* () {
    yield { messageRequest };
  };
  for await (const { messageResponse } of client.serverReflectionInfo(request(), { headers })) {
    if (messageResponse.case === "errorResponse")
      throw new ConnectError(messageResponse.value.errorMessage, messageResponse.value.errorCode);
    return messageResponse;
  }
  throw new ConnectError("reflection returned nothing", Code.Internal);
}

async function filesOf(transport: Transport, question: Question, headers: Headers): Promise<FileDescriptorProto[]> {
  const response = await responseTo(transport, question, headers);
  if (response.case !== "fileDescriptorResponse") return [];
  return response.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

function missingIn(files: ReadonlyMap<string, FileDescriptorProto>): string | undefined {
  return [...files.values()].flatMap(({ dependency }) => dependency).find((name) => !files.has(name));
}

/** Says which services there are where the one that was named is not among them. */
async function reflectionFailure(
  error: unknown,
  transport: Transport,
  { service }: MethodName,
  headers: Headers,
): Promise<Failure | ConnectError> {
  const { code, rawMessage, cause } = ConnectError.from(error);
  if (cause !== undefined) return ConnectError.from(error);
  if (code === Code.NotFound) {
    const response = await responseTo(transport, { case: "listServices", value: "" }, headers).catch(() => undefined);
    const names = response?.case === "listServicesResponse" ? response.value.service.map(({ name }) => name) : [];
    return new Failure({ what: `found no service "${service}" at the gateway`, fix: `write ${suggest(service, names)}` });
  }
  const fix = "set discovery: true in gateway.config.ts, or call with --local in the project";
  return new Failure({ what: "the gateway has no reflection for this call", why: rawMessage, fix });
}

/** Imports that are missing are left out by the server; a method that needs one cannot be called. */
function registryOf(files: readonly FileDescriptorProto[]): FileRegistry {
  const byName = new Map(files.map((file) => [file.name, file]));
  const ordered = new Map<string, FileDescriptorProto>();
  const visit = (file: FileDescriptorProto): void => {
    if (ordered.has(file.name)) return;
    for (const name of file.dependency) {
      const imported = byName.get(name);
      if (imported !== undefined && imported !== file) visit(imported);
    }
    ordered.set(file.name, file);
  };
  for (const file of files) visit(file);
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [...ordered.values()] }));
}

function methodIn(registry: FileRegistry, { service, method }: MethodName): CalledMethod {
  const found = registry.getService(service);
  if (found === undefined) {
    const names = [...registry].flatMap((desc) => (desc.kind === "service" ? [desc.typeName] : []));
    throw new Failure({ what: `found no service "${service}"`, fix: `write ${suggest(service, names)}` });
  }
  const desc = found.methods.find(({ name }) => name === method);
  if (desc !== undefined) return { method: desc, registry };
  const names = found.methods.map(({ name }) => name);
  throw new Failure({ what: `${service} has no method "${method}"`, fix: `write ${suggest(method, names)}` });
}
