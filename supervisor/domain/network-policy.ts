// What a VM's network allows.
import { z } from 'zod';

export const NetworkPolicy = z.enum(['open', 'packages', 'none']);
export type NetworkPolicy = z.infer<typeof NetworkPolicy>;
