// What a page consists of, for agents without a vision model: landmarks, headings, tables as data, forms, overlays and pagination.
import { z } from 'zod';

const Ref = z.string().nullable().meta({ description: 'Ref of the element in snapshots; null if it is not in the accessibility tree.' });

export const FormField = z.strictObject({
  ref: Ref, label: z.string(), name: z.string(),
  type: z.string().meta({ description: 'The type of the input, such as `text`, `date`, `file`, `checkbox` or `radio`; or `select`, `select-multiple`, `textarea`, `editable`.' }),
  value: z.string().meta({ description: 'The current value. Passwords are not shown.' }),
  checked: z.boolean().nullable(), required: z.boolean(), disabled: z.boolean(), valid: z.boolean(), problem: z.string().nullable(),
  constraints: z.record(z.string(), z.string()).meta({ description: 'Such as `min`, `max`, `pattern`, `maxlength`, `accept`.' }),
  options: z.array(z.string()).nullable().meta({ description: 'The first 100 options of a select.' }),
});
export type FormField = z.infer<typeof FormField>;

export const PageForm = z.strictObject({ name: z.string(), method: z.string(), action: z.string(), fields: z.array(FormField), buttons: z.array(z.strictObject({ ref: Ref, name: z.string() })) });
export type PageForm = z.infer<typeof PageForm>;

export const PageMap = z.strictObject({
  language: z.string().nullable(),
  landmarks: z.array(z.strictObject({ role: z.string(), name: z.string(), ref: Ref })),
  headings: z.array(z.strictObject({ level: z.int(), text: z.string(), ref: Ref })),
  tables: z.array(z.strictObject({ caption: z.string(), header: z.array(z.string()), rows: z.array(z.array(z.string())), totalRows: z.int() })).meta({ description: 'At most 20 tables of 200 rows each.' }),
  forms: z.array(PageForm).meta({ description: 'Fields outside a form are in a form without an action.' }),
  overlays: z.array(z.strictObject({ kind: z.enum(['cookies', 'dialog', 'overlay']), text: z.string(), ref: Ref, buttons: z.array(z.strictObject({ ref: Ref, name: z.string() })) })).meta({ description: 'What covers the page. `cookies`: asks for consent to cookies.' }),
  pagination: z.strictObject({ next: Ref, nextUrl: z.string().nullable(), previous: Ref, current: z.string().nullable() }).nullable(),
});
export type PageMap = z.infer<typeof PageMap>;
