// /v1/images: the guest images that environments are cloned from.
import { z } from 'zod';
import { answerOperation } from '../accepted.ts';
import { ImagePage, OperationAnswer } from '../answers.ts';
import { Ref, route, Wait, type Route } from '../route.ts';

const admin = { scope: 'admin', limitedKeys: false } as const;

export const imageRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/images', id: 'listImages', summary: 'List guest images',
    access: { scope: 'read', limitedKeys: false }, needs: ['pool'], answers: { 200: { description: 'All images.', schema: ImagePage } },
    handle: async (_request, { services }) => ({ status: 200, body: { items: await services.images.list(), nextCursor: null } satisfies ImagePage }),
  }),
  route({
    method: 'post', path: '/v1/images', id: 'buildImage', summary: 'Build the guest image from its recipe',
    access: admin, query: z.strictObject({ wait: Wait }), idempotent: true, needs: ['pool'],
    answers: {
      200: { description: 'The build has ended.', schema: OperationAnswer },
      202: { description: 'Accepted; Location is the operation.', schema: OperationAnswer },
    },
    handle: async (request, context) => await answerOperation(
      await context.services.images.build(request.caller, { idempotencyKey: request.idempotencyKey }), request, context),
  }),
  route({
    method: 'delete', path: '/v1/images/{version}', id: 'removeImage', summary: 'Remove an image',
    description: 'Environments made from it keep their disks.',
    access: admin, params: z.strictObject({ version: Ref }), needs: ['pool'], answers: { 204: { description: 'Removed.' } },
    handle: async ({ params }, { services }) => {
      await services.images.remove(params.version);
      return { status: 204 };
    },
  }),
];
