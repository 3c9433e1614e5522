/** The types that a contract stands for. Types only. */
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** What is written: a zod schema's by property, which is much cheaper than through Standard Schema. */
export type SchemaInput<S> = S extends { readonly _zod: { readonly input: unknown } }
  ? S['_zod']['input']
  : S extends StandardSchemaV1
    ? StandardSchemaV1.InferInput<S>
    : undefined

/** What is read. */
export type SchemaOutput<S> = S extends { readonly _zod: { readonly output: unknown } }
  ? S['_zod']['output']
  : S extends StandardSchemaV1
    ? StandardSchemaV1.InferOutput<S>
    : undefined
