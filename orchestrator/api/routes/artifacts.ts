// /v1/artifacts: code and data with versions.
import { Readable } from 'node:stream';
import { z } from 'zod';
import { Artifact, ArtifactDiff, ArtifactPath, ArtifactQuery, ArtifactVersion, CreateArtifact, RestoreVersion, SearchArtifacts, VERSION_BYTES, WriteVersion } from '../../artifacts/artifact.ts';
import { PageQuery } from '../../store/page.ts';
import { ArtifactHitPage, ArtifactPage, ArtifactVersionPage } from '../answers.ts';
import { ifMatchVersion } from '../request-input.ts';
import { Flag, Ref, route, type Access, type Answer, type Route } from '../route.ts';

const see: Access = { scope: 'read', limitedKeys: true };
const change: Access = { scope: 'write', limitedKeys: true };
const ArtifactParams = z.strictObject({ artifact: Ref });
const VersionParams = ArtifactParams.extend({ version: z.coerce.number().int().min(1) });
const path = '/v1/artifacts';
/** Contents as base64, with some space for the rest. */
const BODY_BYTES = Math.ceil(VERSION_BYTES * 1.5);
const IF_MATCH = { 'If-Match': 'Only if this version (an ETag) is the newest; otherwise 412, which names the newest.' };
const answerOne = (artifact: Artifact, status = 200): Answer => ({ status, headers: { etag: `"${artifact.version}"` }, body: artifact });

export const artifactRoutes: readonly Route[] = [
  route({
    method: 'post', path, id: 'createArtifact', summary: 'Create an artifact',
    description: 'It belongs to an environment and to the owner of that environment. Titles of an owner are unique. Its content is stored by hash, and equal contents only once.',
    access: change, body: CreateArtifact, maxBodyBytes: BODY_BYTES, idempotent: 'replayed', answers: { 201: { description: 'The artifact.', schema: Artifact } },
    example: { environment: 'demo', title: 'word count', type: 'python', files: [{ path: 'main.py', content: "import sys\nprint(len(open(sys.argv[1]).read().split()))\n" }] },
    handle: async ({ caller, body }, { services }) => answerOne(await services.artifacts.create(caller, body), 201),
  }),
  route({
    method: 'get', path, id: 'listArtifacts', summary: 'List artifacts, newest first',
    description: 'Your own, and those that are shared with your environments.',
    access: see, query: ArtifactQuery, answers: { 200: { description: 'A page.', schema: ArtifactPage } },
    handle: async ({ caller, query }, { services }) => ({ status: 200, body: await services.artifacts.list(caller, query) }),
  }),
  route({
    method: 'get', path: `${path}/search`, id: 'searchArtifacts', summary: 'Search artifacts and the results of their runs',
    description: 'Finds versions whose text files, and runs whose output, contain all of the words.',
    access: see, query: SearchArtifacts, answers: { 200: { description: 'The best hits.', schema: ArtifactHitPage } },
    handle: async ({ caller, query }, { services }) => ({ status: 200, body: { items: await services.artifacts.search(caller, query.text, query.limit), nextCursor: null } satisfies ArtifactHitPage }),
  }),
  route({
    method: 'get', path: `${path}/{artifact}`, id: 'getArtifact', summary: 'Show an artifact',
    access: see, params: ArtifactParams, answers: { 200: { description: 'The artifact.', schema: Artifact } },
    handle: async ({ caller, params }, { services }) => answerOne(await services.artifacts.get(caller, params.artifact)),
  }),
  route({
    method: 'delete', path: `${path}/{artifact}`, id: 'removeArtifact', summary: 'Remove an artifact',
    description: 'Undelete restores it until `purgeAt`. With `purge`, it is deleted permanently with its versions and runs.',
    access: change, params: ArtifactParams, query: z.strictObject({ purge: Flag }),
    answers: { 200: { description: 'The removed artifact.', schema: Artifact }, 204: { description: 'Purged.' } },
    handle: async ({ caller, params, query }, { services }) => {
      const removed = await services.artifacts.remove(caller, params.artifact, query);
      return removed === null ? { status: 204 } : answerOne(removed);
    },
  }),
  route({
    method: 'post', path: `${path}/{artifact}/undelete`, id: 'undeleteArtifact', summary: 'Restore a removed artifact',
    access: change, params: ArtifactParams, answers: { 200: { description: 'The artifact.', schema: Artifact } },
    handle: async ({ caller, params }, { services }) => answerOne(await services.artifacts.undelete(caller, params.artifact)),
  }),
  route({
    method: 'get', path: `${path}/{artifact}/versions`, id: 'listArtifactVersions', summary: 'List the versions of an artifact, newest first',
    access: see, params: ArtifactParams, query: PageQuery, answers: { 200: { description: 'A page.', schema: ArtifactVersionPage } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await services.artifacts.versions(caller, params.artifact, query) }),
  }),
  route({
    method: 'post', path: `${path}/{artifact}/versions`, id: 'writeArtifactVersion', summary: 'Write a new version of an artifact',
    description: 'Replaces all files; older versions are kept. The same content as in the newest version changes nothing. When two writers send If-Match with the version that they have read, the second one gets 412, and can compare and repeat.',
    access: change, params: ArtifactParams, body: WriteVersion, maxBodyBytes: BODY_BYTES, example: { files: [{ path: 'main.py', content: 'print(2)\n' }], note: 'faster' }, headers: IF_MATCH,
    answers: { 200: { description: 'The artifact with its newest version.', schema: Artifact } },
    handle: async ({ caller, params, body, headers }, { services }) => answerOne(await services.artifacts.write(caller, params.artifact, body, ifMatchVersion(headers['if-match']))),
  }),
  route({
    method: 'get', path: `${path}/{artifact}/versions/{version}`, id: 'getArtifactVersion', summary: 'Show a version with its files',
    access: see, params: VersionParams, answers: { 200: { description: 'The version.', schema: ArtifactVersion } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.artifacts.version(caller, params.artifact, params.version) }),
  }),
  route({
    method: 'get', path: `${path}/{artifact}/versions/{version}/content`, id: 'getArtifactContent', summary: 'Download a file of a version',
    access: see, params: VersionParams, query: z.strictObject({ path: ArtifactPath }), answers: { 200: { description: 'The bytes.', contentType: 'application/octet-stream' } },
    handle: async ({ caller, params, query }, { services }) => {
      return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: Readable.from([await services.artifacts.content(caller, params.artifact, query.path, params.version)]) };
    },
  }),
  route({
    method: 'get', path: `${path}/{artifact}/versions/{version}/diff`, id: 'diffArtifactVersions', summary: 'Compare two versions',
    access: see, params: VersionParams, query: z.strictObject({ to: z.coerce.number().int().min(1).optional().meta({ description: 'The other version. Defaults to the newest.' }) }),
    answers: { 200: { description: 'The files that differ.', schema: ArtifactDiff } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await services.artifacts.diff(caller, params.artifact, params.version, query.to) }),
  }),
  route({
    method: 'post', path: `${path}/{artifact}/restore`, id: 'restoreArtifactVersion', summary: 'Make an old version the newest',
    description: 'Adds a version with the content of the old one; nothing is lost.',
    access: change, params: ArtifactParams, body: RestoreVersion, example: { version: 1 }, headers: IF_MATCH, answers: { 200: { description: 'The artifact.', schema: Artifact } },
    handle: async ({ caller, params, body, headers }, { services }) => answerOne(await services.artifacts.restore(caller, params.artifact, body.version, ifMatchVersion(headers['if-match']))),
  }),
  route({
    method: 'put', path: `${path}/{artifact}/shares/{environment}`, id: 'shareArtifact', summary: 'Share an artifact with another environment',
    description: "Keys of that environment, and its owner, can then use and change the artifact, but not remove it. Repeatable.",
    access: { scope: 'write', limitedKeys: false }, params: ArtifactParams.extend({ environment: Ref }), answers: { 200: { description: 'The artifact.', schema: Artifact } },
    handle: async ({ caller, params }, { services }) => answerOne(await services.artifacts.share(caller, params.artifact, params.environment)),
  }),
  route({
    method: 'delete', path: `${path}/{artifact}/shares/{environment}`, id: 'unshareArtifact', summary: 'Stop sharing an artifact with an environment',
    access: { scope: 'write', limitedKeys: false }, params: ArtifactParams.extend({ environment: Ref }), answers: { 200: { description: 'The artifact.', schema: Artifact } },
    handle: async ({ caller, params }, { services }) => answerOne(await services.artifacts.unshare(caller, params.artifact, params.environment)),
  }),
];
