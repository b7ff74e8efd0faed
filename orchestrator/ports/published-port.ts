// A published port: a port on the host's loopback that leads to one in an environment. Defines its requests, its answers, and the service for the API, which port-publisher.ts implements.
import { z } from 'zod';
import type { Caller } from '../keys/caller.ts';

const PortNumber = z.int().min(1).max(65_535);

export const PublishPort = z.strictObject({
  port: PortNumber.meta({ description: 'The port in the environment. The program there can listen on its loopback only.' }),
  hostPort: PortNumber.min(1024).optional().meta({ description: 'The port on the host; by default, Somnus chooses a free one.' }),
});
export type PublishPort = z.infer<typeof PublishPort>;

export const PortStatus = z.enum(['listening', 'failed']);

export const PublishedPort = z.strictObject({
  environmentId: z.string(),
  port: PortNumber,
  hostPort: PortNumber,
  url: z.string().meta({ description: 'The address for HTTP clients; other clients use `hostPort` on 127.0.0.1.' }),
  status: PortStatus.meta({ description: '`failed`: another program uses the port on the host; Somnus tries again.' }),
  problem: z.string().nullable(),
  createdAt: z.iso.datetime(),
});
export type PublishedPort = z.infer<typeof PublishedPort>;

export interface PortService {
  /** Repeatable. @throws in_use when the port on the host is in use; name_taken when the environment's port is already published as another one */
  publish(caller: Caller, ref: string, request: PublishPort): Promise<PublishedPort>;
  list(caller: Caller, ref: string): Promise<PublishedPort[]>;
  /** Also closes its connections. @throws not_found */
  remove(caller: Caller, ref: string, port: number): Promise<void>;
}
