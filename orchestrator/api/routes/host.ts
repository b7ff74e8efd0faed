// /v1/host: the machine that runs it all.
import { z } from 'zod';
import { DoctorReport, HostAccel, HostStatus } from '../../host/host.ts';
import { route, type Route } from '../route.ts';

const see = { scope: 'read', limitedKeys: false } as const;
const admin = { scope: 'admin', limitedKeys: false } as const;

export const hostRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/host', id: 'getHost', summary: 'Status of the host and of the control plane',
    access: see, needs: ['pool'], answers: { 200: { description: 'The status.', schema: HostStatus } },
    handle: async ({ caller }, { services }) => ({ status: 200, body: await services.host.status(caller) }),
  }),
  route({
    method: 'get', path: '/v1/host/doctor', id: 'examineHost', summary: 'What this host has and lacks, each with a fix',
    access: see, answers: { 200: { description: 'The report.', schema: DoctorReport } },
    handle: async ({ caller }, { services }) => ({ status: 200, body: await services.host.doctor(caller) }),
  }),
  route({
    method: 'post', path: '/v1/host/accelerator/probe', id: 'probeAccelerator', summary: 'Boot a probe guest under KVM now, whatever earlier probes found',
    access: admin, answers: { 200: { description: 'The accelerator of VMs that start from now on.', schema: HostAccel } },
    handle: async (_request, { services }) => ({ status: 200, body: await services.host.probeAccel() }),
  }),
  route({
    method: 'post', path: '/v1/host/pool/grow', id: 'growPool', summary: 'Make the storage pool larger',
    access: admin, needs: ['pool'], body: z.strictObject({ toGiB: z.int().min(1).max(1_048_576) }), idempotent: 'replayed', answers: { 200: { description: 'The status after it.', schema: HostStatus } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await services.host.growPool(caller, body.toGiB) }),
  }),
  route({
    method: 'post', path: '/v1/host/clock/accept', id: 'acceptClock', summary: 'Trust the host\'s clock after a jump',
    description: 'After a jump nothing is deleted for its age, and no key expires by the new time, until the clock has run steadily for a day or this is called.',
    access: admin, answers: { 204: { description: 'It is trusted.' } },
    handle: async (_request, { services }) => {
      await services.host.confirmClock();
      return { status: 204 };
    },
  }),
  route({
    method: 'post', path: '/v1/host/shutdown', id: 'shutdownControlPlane', summary: 'End the control plane in order; VMs run on',
    access: admin, answers: { 202: { description: 'It ends once this answer is out.' } },
    handle: async (_request, { services }) => ({ status: 202, body: {}, afterwards: () => services.host.shutdown() }),
  }),
];
