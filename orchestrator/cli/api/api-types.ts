// The types of the API's requests and answers, by method and path, as openapi.json describes them. Types only.
import type { paths } from '../../client/schema.d.ts';

export type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';

/** The paths that have this method, with parameters in braces. */
export type PathOf<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never }[keyof paths];

type OperationOf<M extends Method, P extends PathOf<M>> = paths[P] extends Record<M, infer O> ? O : never;
type ParametersOf<M extends Method, P extends PathOf<M>> = OperationOf<M, P> extends { parameters: infer T } ? T : never;
type JsonOf<T> = T extends { content: { 'application/json': infer Body } } ? Body : undefined;
type BodyOf<M extends Method, P extends PathOf<M>> = OperationOf<M, P> extends { requestBody?: infer T } ? JsonOf<NonNullable<T>> : undefined;

/** The JSON answer; undefined when there is none. */
export type AnswerOf<M extends Method, P extends PathOf<M>> = OperationOf<M, P> extends { responses: infer R } ? { [S in keyof R & (200 | 201 | 202 | 204)]: JsonOf<R[S]> }[keyof R & (200 | 201 | 202 | 204)] : never;

/** What may be left out may also be undefined: it is not sent. */
type Loose<T> = { [K in keyof T]: Record<never, never> extends Pick<T, K> ? T[K] | undefined : T[K] };
/** Booleans are sent as text. */
type Text<T> = { [K in keyof T]: [NonNullable<T[K]>] extends ['true' | 'false'] ? T[K] | boolean : T[K] };

type ValuesOf<T, K extends PropertyKey> = T extends { [Key in K]?: infer V } ? NonNullable<V> : never;
export type QueryOf<M extends Method, P extends PathOf<M>> = Text<Loose<ValuesOf<ParametersOf<M, P>, 'query'>>>;
export type RefsOf<M extends Method, P extends PathOf<M>> = ValuesOf<ParametersOf<M, P>, 'path'>;

/** A property that is required if the object has required properties, and absent if there is no object. */
type Property<K extends string, T> = [T] extends [never] ? { [Key in K]?: never } : Record<never, never> extends T ? { [Key in K]?: T } : { [Key in K]: T };
type BodyProperty<M extends Method, P extends PathOf<M>> = BodyOf<M, P> extends undefined ? { body?: never } : OperationOf<M, P> extends { requestBody: unknown } ? { body: Loose<BodyOf<M, P>> } : { body?: Loose<BodyOf<M, P>> };

/** `path` holds the path's parameters. */
export type ParametersFor<M extends Method, P extends PathOf<M>> = Property<'path', RefsOf<M, P>> & Property<'query', QueryOf<M, P>> & BodyProperty<M, P>;

/** An argument that may be left out if nothing in it is required. */
export type Argument<T> = Record<never, never> extends T ? [options?: T] : [options: T];

/** Lists that have pages. */
export type ListPath = { [P in PathOf<'get'>]: AnswerOf<'get', P> extends { items: unknown[]; nextCursor: string | null } ? P : never }[PathOf<'get'>];
export type ItemOf<P extends ListPath> = AnswerOf<'get', P> extends { items: (infer T)[] } ? T : never;
/** The part of a list to read: its path's parameters and its filters. */
export type ListFor<P extends ListPath> = Property<'path', RefsOf<'get', P>> & { query?: Omit<QueryOf<'get', P>, 'limit' | 'cursor'> };
