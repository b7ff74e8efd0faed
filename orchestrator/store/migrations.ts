// What a change of the database's schema is; sqlite-migrate.ts applies them, schema.ts lists them.

export interface Migration {
  /** Unique in schema.ts; migrations are applied in this order. Never change or remove one that was released. */
  version: number;
  name: string;
  /** SQL, one or more statements. */
  up: string;
}
