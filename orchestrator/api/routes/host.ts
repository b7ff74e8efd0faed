// /v1/host: the host that runs the control plane.
import { z } from 'zod';
import { DoctorReport, HostAccel, HostStatus } from '../../host/host.ts';
import { route, type Route } from '../route.ts';

const see = { scope: 'read', limitedKeys: false } as const;
const admin = { scope: 'admin', limitedKeys: false } as const;

export const hostRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/host', id: 'getHost', summary: 'Get the status of the host and the control plane',
    access: see, needs: ['pool'], answers: { 200: { description: 'The status.', schema: HostStatus } },
    handle: async ({ caller }, { services }) => ({ status: 200, body: await services.host.status(caller) }),
  }),
  route({
    method: 'get', path: '/v1/host/doctor', id: 'examineHost', summary: 'Check the host and suggest fixes',
    access: see, answers: { 200: { description: 'The report.', schema: DoctorReport } },
    handle: async ({ caller }, { services }) => ({ status: 200, body: await services.host.doctor(caller) }),
  }),
  route({
    method: 'post', path: '/v1/host/accelerator/probe', id: 'probeAccelerator', summary: 'Test KVM by booting a guest now',
    access: admin, answers: { 200: { description: 'The accelerator for VMs that start from now on.', schema: HostAccel } },
    handle: async (_request, { services }) => ({ status: 200, body: await services.host.probeAccel() }),
  }),
  route({
    method: 'post', path: '/v1/host/pool/grow', id: 'growPool', summary: 'Enlarge the storage pool',
    access: admin, needs: ['pool'], body: z.strictObject({ toGiB: z.int().min(1).max(1_048_576) }), example: { toGiB: 200 }, idempotent: 'replayed', answers: { 200: { description: 'The new status.', schema: HostStatus } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await services.host.growPool(caller, body.toGiB) }),
  }),
  route({
    method: 'post', path: '/v1/host/clock/accept', id: 'acceptClock', summary: 'Trust the host\'s clock after a jump',
    description: 'After the clock jumps, nothing is deleted for its age and no key expires by the new time until the clock has been steady for a day or this is called.',
    access: admin, answers: { 204: { description: 'The clock is trusted.' } },
    handle: async (_request, { services }) => {
      await services.host.confirmClock();
      return { status: 204 };
    },
  }),
  route({
    method: 'post', path: '/v1/host/shutdown', id: 'shutdownControlPlane', summary: 'Stop the control plane; VMs keep running',
    access: admin, answers: { 202: { description: 'The control plane stops after this response.' } },
    handle: async (_request, { services }) => ({ status: 202, body: {}, afterwards: () => services.host.shutdown() }),
  }),
];
