// The engines that can classify log lines.
import { z } from 'zod';

export const Engine = z.enum(['rules', 'embedding']);
export type Engine = z.infer<typeof Engine>;
