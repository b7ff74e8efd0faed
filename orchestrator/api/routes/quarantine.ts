// /v1/quarantine: VMs and files that no record knows.
import { z } from 'zod';
import { idSchema } from '../../../common/ids.ts';
import { Adopted, AdoptRequest } from '../../recovery/quarantine-item.ts';
import { QuarantinePage } from '../answers.ts';
import { route, type Route } from '../route.ts';

const admin = { scope: 'admin', limitedKeys: false } as const;
const ItemParams = z.strictObject({ item: idSchema('quar') });

export const quarantineRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/quarantine', id: 'listQuarantine', summary: 'List items in quarantine, oldest first',
    description: 'VMs, snapshots and keys without a record, such as after the database was lost. Nothing in quarantine is deleted automatically.',
    access: admin, needs: ['pool'], answers: { 200: { description: 'All items.', schema: QuarantinePage } },
    handle: async (_request, { services }) => ({ status: 200, body: { items: await services.quarantine.list(), nextCursor: null } satisfies QuarantinePage }),
  }),
  route({
    method: 'post', path: '/v1/quarantine/{item}/adopt', id: 'adoptFromQuarantine', summary: 'Restore an item and own it',
    description: 'A VM becomes an environment that is hibernated if its memory was saved and otherwise stopped, with the snapshots in its folder. A snapshot is restored to its environment.',
    access: admin, params: ItemParams, body: AdoptRequest, idempotent: 'replayed', needs: ['pool', 'libvirt'], answers: { 200: { description: 'The restored item.', schema: Adopted } },
    handle: async ({ caller, params, body }, { services }) => ({ status: 200, body: await services.quarantine.adopt(caller, params.item, body) }),
  }),
  route({
    method: 'post', path: '/v1/quarantine/unknown', id: 'quarantineUnknown', summary: 'Quarantine everything that no record knows',
    description: 'Needed only when most VMs of the host are unknown to the database, which are otherwise left alone. Running VMs are hibernated; nothing is deleted.',
    access: admin, needs: ['pool', 'libvirt'], answers: { 200: { description: 'All items in quarantine.', schema: QuarantinePage } },
    handle: async (_request, { services }) => ({ status: 200, body: { items: await services.quarantine.takeUnknown(), nextCursor: null } satisfies QuarantinePage }),
  }),
  route({
    method: 'delete', path: '/v1/quarantine/{item}', id: 'deleteFromQuarantine', summary: 'Delete an item permanently',
    access: admin, params: ItemParams, needs: ['pool'], answers: { 204: { description: 'Deleted.' } },
    handle: async ({ caller, params }, { services }) => {
      await services.quarantine.delete(caller, params.item);
      return { status: 204 };
    },
  }),
];
