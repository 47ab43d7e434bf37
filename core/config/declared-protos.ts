// The types of gateway.config.ts as the protos of a project give them: services, methods, and fields of requests that settings name.
import type { HashOnInput } from "./hash-on.ts";
import type { MethodInput, ServiceInput } from "./service.ts";

declare global {
  /** What `npm run gen` writes about the protos of a project, in protos/gen/services.d.ts. */
  namespace Tidegate {
    /** The services, by their full names. Empty where nothing has been generated: then any name may be written. */
    interface Protos {}
  }
}

/** What is generated for a service. */
interface DeclaredService {
  readonly methods: string;
  readonly fields: string; // paths of the fields of its requests, `order.customer_id`
}

type FieldsOf<D> = D extends DeclaredService ? D["fields"] : string;
type MethodsOf<D> = D extends DeclaredService ? D["methods"] : string;

/** A hash source, whose field is one of a request of the service. */
type HashSourceOf<Source, Field extends string> = Source extends { readonly field: string } ? { readonly field: Field } : Source;
type SingleSource = Exclude<HashOnInput, readonly unknown[]>;
type HashOnOf<Field extends string> = HashSourceOf<SingleSource, Field> | readonly HashSourceOf<SingleSource, Field>[];

type UpstreamOf<Upstream, Field extends string> = Upstream extends { readonly hashOn?: unknown }
  ? Omit<Upstream, "hashOn"> & { readonly hashOn?: HashOnOf<Field> }
  : Upstream;

type ServiceOf<D> = Omit<ServiceInput, "methods" | "upstream"> & {
  readonly upstream?: UpstreamOf<ServiceInput["upstream"], FieldsOf<D>>;
  readonly methods?: { readonly [Name in MethodsOf<D>]?: MethodInput };
};

type DeclaredServices = { readonly [Name in keyof Tidegate.Protos]?: ServiceOf<Tidegate.Protos[Name]> };
/** The declared ones with their methods, and any other name. */
interface DeclaredAndOtherServices extends DeclaredServices {
  readonly [name: string]: ServiceInput;
}

/** Settings with services and descriptors among them. */
interface AnyInput {
  readonly services: unknown;
  readonly descriptors?: unknown;
}

/**
 * What `defineGateway` takes. Services of the protos are known by `Tidegate.Protos`; beside them any name may be written where
 * `descriptors` brings services whose protos are not in the project.
 *
 * @typeParam Input       all settings, with services of any name
 * @typeParam Descriptors the type of `descriptors` as written; undefined where there are none
 */
export type TypedInput<Input extends AnyInput, Descriptors> = [keyof Tidegate.Protos] extends [never]
  ? Input
  : Omit<Input, "services" | "descriptors"> & {
      readonly descriptors?: Descriptors;
      readonly services: [Descriptors] extends [undefined] ? DeclaredServices : DeclaredAndOtherServices;
    };
