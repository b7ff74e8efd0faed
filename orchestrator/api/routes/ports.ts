// …/ports: ports of an environment that are published on the host's loopback.
import { z } from 'zod';
import { PublishedPort, PublishPort } from '../../ports/published-port.ts';
import { PortPage } from '../answers.ts';
import { Ref, RefParams, route, type Route } from '../route.ts';

const path = '/v1/environments/{ref}/ports';

export const portRoutes: readonly Route[] = [
  route({
    method: 'post', path, id: 'publishPort', summary: "Publish an environment's port on the host",
    description: "A port on the host's loopback then leads to the port in the environment. A connection wakes a suspended or hibernated environment. The port stays published across restarts, until it is removed or the environment is purged. Publishing the same port again returns the existing published port.",
    access: { scope: 'write', limitedKeys: true }, params: RefParams, body: PublishPort, example: { port: 3000 }, answers: { 201: { description: 'The published port.', schema: PublishedPort } },
    handle: async ({ caller, params, body }, { services }) => ({ status: 201, body: await services.ports.publish(caller, params.ref, body) }),
  }),
  route({
    method: 'get', path, id: 'listPorts', summary: 'List the published ports of an environment',
    access: { scope: 'read', limitedKeys: true }, params: RefParams, answers: { 200: { description: 'One page with all of them.', schema: PortPage } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: { items: await services.ports.list(caller, params.ref), nextCursor: null } satisfies PortPage }),
  }),
  route({
    method: 'delete', path: `${path}/{port}`, id: 'removePort', summary: 'Stop publishing a port',
    description: 'Also closes its connections.',
    access: { scope: 'write', limitedKeys: true }, params: z.strictObject({ ref: Ref, port: z.coerce.number().int().min(1).max(65_535).meta({ description: 'The port in the environment.' }) }), answers: { 204: { description: 'Removed.' } },
    handle: async ({ caller, params }, { services }) => {
      await services.ports.remove(caller, params.ref, params.port);
      return { status: 204 };
    },
  }),
];
