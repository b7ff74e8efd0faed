// /v1/packs: capability packs; and /v1/environments/{ref}/packs, which installs them.
import { z } from 'zod';
import { packJsonSchema } from '../../packs/pack.ts';
import { CreatePack, InstallPacks, PackChangeAnswer, PackHistoryQuery, ReturnToEntry, ShownPack, VerifyPacks } from '../../packs/pack-schemas.ts';
import { answerOperation, answerPackChange, answerSnapshot } from '../accepted.ts';
import { InstalledPackPage, OperationAnswer, PackHistoryPage, PackPage, SnapshotAnswer } from '../answers.ts';
import { vmParts } from '../../startup/parts.ts';
import { Ref, RefParams, route, Wait, type AnswerDoc, type Route } from '../route.ts';

const WaitQuery = z.strictObject({ wait: Wait });
const NameParams = z.strictObject({ name: Ref });
const see = { scope: 'read', limitedKeys: true } as const;
const change = { scope: 'write', limitedKeys: true } as const;
const admin = { scope: 'admin', limitedKeys: false } as const;
const path = '/v1/environments/{ref}/packs';

const accepted = (schema: z.ZodType): Record<number, AnswerDoc> => ({ 200: { description: 'Done, or nothing to do.', schema }, 202: { description: 'Accepted; Location is the operation.', schema } });

export const packRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/packs', id: 'listPacks', summary: 'List packs that can be installed',
    access: see, answers: { 200: { description: 'All packs, also those whose file is not valid.', schema: PackPage } },
    handle: async (_request, { services }) => ({ status: 200, body: { items: await services.packs.available(), nextCursor: null } satisfies PackPage }),
  }),
  route({
    method: 'get', path: '/v1/packs/schema', id: 'getPackSchema', summary: 'Get the JSON schema of a pack.yaml',
    access: see, answers: { 200: { description: 'The schema.', schema: z.looseObject({}) } },
    handle: async () => ({ status: 200, body: packJsonSchema() }),
  }),
  route({
    method: 'get', path: '/v1/packs/{name}', id: 'getPack', summary: 'Show a pack',
    access: see, params: NameParams, answers: { 200: { description: 'Its steps, and the other fields of its pack.yaml.', schema: ShownPack } },
    handle: async ({ params }, { services }) => ({ status: 200, body: await services.packs.get(params.name) }),
  }),
  route({
    method: 'post', path: '/v1/packs', id: 'createPack', summary: 'Add a pack', description: 'For all users: its steps run as root in the environments where it is installed. Errors name the lines of the YAML.',
    access: admin, body: CreatePack, example: { yaml: 'name: hello\nversion: "1.0.0"\ndescription: Says hello.\nsteps:\n  - name: hello\n    apt: [hello]\n    check: hello\n' }, idempotent: 'replayed',
    answers: { 200: { description: 'The pack.', schema: ShownPack } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await services.packs.create(caller, body) }),
  }),
  route({
    method: 'delete', path: '/v1/packs/{name}', id: 'removePack', summary: 'Remove a pack that was added', description: 'Environments keep what is installed, and can still verify and uninstall it.',
    access: admin, params: NameParams, answers: { 204: { description: 'Removed.' } },
    handle: async ({ caller, params }, { services }) => {
      await services.packs.remove(caller, params.name);
      return { status: 204 };
    },
  }),
  route({
    method: 'get', path, id: 'listInstalledPacks', summary: 'List the packs of an environment',
    access: see, params: RefParams, answers: { 200: { description: 'What the environment has in its present state: a restore or fork has the packs of its snapshot.', schema: InstalledPackPage } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: { items: services.packs.installed(caller, params.ref), nextCursor: null } satisfies InstalledPackPage }),
  }),
  route({
    method: 'post', path, id: 'installPacks', summary: 'Install packs',
    description: 'With the packs that they depend on. Each step is followed by its check and a snapshot. When a step or check fails, the VM returns to the snapshot before it, and the error names the step. A corrected pack continues there.',
    access: change, params: RefParams, query: WaitQuery, body: InstallPacks, example: { packs: ['base-tools'] }, idempotent: true, needs: vmParts, answers: accepted(PackChangeAnswer),
    handle: async (request, context) => await answerPackChange(await context.services.packs.install(request.caller, request.params.ref, request.body, request.idempotencyKey), request, context),
  }),
  route({
    method: 'post', path: `${path}/verify`, id: 'verifyPacks', summary: 'Run the checks of installed packs',
    description: 'The result of the operation lists each check, with the end of its output if it fails. `ok` is whether all succeed.',
    access: change, params: RefParams, query: WaitQuery, body: VerifyPacks, example: { packs: ['base-tools'] }, idempotent: true, needs: vmParts, answers: accepted(OperationAnswer),
    handle: async (request, context) => await answerOperation(await context.services.packs.verify(request.caller, request.params.ref, request.body, request.idempotencyKey), request, context),
  }),
  route({
    method: 'get', path: `${path}/history`, id: 'listPackHistory', summary: 'List what was installed when, oldest first',
    access: see, params: RefParams, query: PackHistoryQuery, answers: { 200: { description: 'A page.', schema: PackHistoryPage } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: services.packs.history(caller, params.ref, query) }),
  }),
  route({
    method: 'post', path: `${path}/return`, id: 'returnToPackEntry', summary: 'Return to an entry of the pack history',
    description: 'Restores the snapshot of the entry. Later entries stay in the history, and can be returned to as well.',
    access: change, params: RefParams, query: WaitQuery, body: ReturnToEntry, example: { entry: 2 }, idempotent: true, needs: vmParts, answers: accepted(SnapshotAnswer),
    handle: async (request, context) => await answerSnapshot(await context.services.packs.returnTo(request.caller, request.params.ref, request.body, request.idempotencyKey), request.params.ref, request, context),
  }),
  route({
    method: 'delete', path: `${path}/{name}`, id: 'uninstallPack', summary: 'Uninstall a pack',
    description: 'Runs the steps that the installed version has for its removal, each with a snapshot. Refused while another installed pack depends on it.',
    access: change, params: z.strictObject({ ref: Ref, name: Ref }), query: WaitQuery, idempotent: true, needs: vmParts, answers: accepted(PackChangeAnswer),
    handle: async (request, context) => await answerPackChange(await context.services.packs.uninstall(request.caller, request.params.ref, request.params.name, request.idempotencyKey), request, context),
  }),
];
