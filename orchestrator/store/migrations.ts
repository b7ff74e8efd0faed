// A change to the database schema; schema.ts lists them, sqlite-migrate.ts applies them.

export interface Migration {
  /** Unique in schema.ts; migrations are applied in this order. Never change or remove a released one. */
  version: number;
  name: string;
  /** One or more SQL statements. */
  up: string;
}
