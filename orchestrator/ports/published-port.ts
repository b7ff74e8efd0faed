// A published port: a port on the host's loopback that leads to one in an environment. Requests, what users see, and the service for the API, which port-publisher.ts implements.
import { z } from 'zod';
import type { Caller } from '../keys/caller.ts';

const PortNumber = z.int().min(1).max(65_535);

export const PublishPort = z.strictObject({
  port: PortNumber.meta({ description: 'The port in the environment. The program there may listen on its loopback alone.' }),
  hostPort: PortNumber.min(1024).optional().meta({ description: 'The port on the host; by default, Somnus chooses a free one.' }),
});
export type PublishPort = z.infer<typeof PublishPort>;

export const PortStatus = z.enum(['listening', 'failed']);

export const PublishedPort = z.strictObject({
  environmentId: z.string(),
  port: PortNumber,
  hostPort: PortNumber,
  url: z.string().meta({ description: 'For programs that speak HTTP; others use the port.' }),
  status: PortStatus.meta({ description: '`failed`: the port on the host is in use; Somnus tries again.' }),
  problem: z.string().nullable(),
  createdAt: z.iso.datetime(),
});
export type PublishedPort = z.infer<typeof PublishedPort>;

export interface PortService {
  /** Repeatable. @throws in_use when the port on the host is taken; name_taken when the environment's port is published as another one */
  publish(caller: Caller, ref: string, request: PublishPort): Promise<PublishedPort>;
  list(caller: Caller, ref: string): Promise<PublishedPort[]>;
  /** Ends its connections, too. @throws not_found */
  remove(caller: Caller, ref: string, port: number): Promise<void>;
}
