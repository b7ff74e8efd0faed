// What classifies log lines.
import { z } from 'zod';

export const Engine = z.enum(['rules', 'embedding']);
export type Engine = z.infer<typeof Engine>;
